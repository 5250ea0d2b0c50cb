import { AsyncLocalStorage } from 'node:async_hooks'

const charged = new AsyncLocalStorage<string>()

/**
 * Runs `work`, and whatever it sets off, on a tenant's account. The border says whose work it is, once: a request with a
 * key, a job. What calls a model deep below need not be told, and cannot be told wrong.
 */
export function onAccountOf<T>(tenantId: string, work: () => T): T {
  return charged.run(tenantId, work)
}

/** Who pays for what is being done; undefined: nobody, such as for a probe. */
export function chargedTenant(): string | undefined {
  return charged.getStore()
}
