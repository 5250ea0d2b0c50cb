import type { Logger } from 'pino'

/** Ends what runs; the process then ends by itself. */
export type Stop = (signal: NodeJS.Signals) => Promise<void>

/**
 * Listens for SIGTERM and SIGINT from the start of a program: as process 1 of a container it would otherwise not hear them
 * while it loads a model. Gives the function that takes what there is to stop. Until then a signal ends the process at
 * once; from then on the first one stops, and a second does not wait.
 */
export function listenForStop(log: Logger): (stop: Stop) => void {
  let stop: Stop | null = null
  let stopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (!stop || stopping) return process.exit(stopping ? 1 : 0)
    stopping = true
    stop(signal).catch((error: unknown) => {
      log.error({ err: error }, 'could not stop cleanly')
      process.exit(1)
    })
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal)
  return given => (stop = given)
}
