import { setTimeout as delay } from 'node:timers/promises'

/**
 * Repeats `check` until it stops throwing and gives its result; after `timeoutMs` throws its last error. For waiting on
 * a state instead of sleeping.
 */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 10_000, intervalMs = 50): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() >= deadline) throw error
      await delay(intervalMs)
    }
  }
}
