import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { ErrorCode } from '../contract/error-codes.ts'
import { recordAudit } from '../stores/postgres/audit-log.ts'
import type { Caller } from './caller.ts'
import { actorOf } from './audit.ts'

export interface Denial {
  readonly caller: Caller
  readonly requestId: string
  readonly method: string
  /** The route's template. */
  readonly route: string
  readonly code: ErrorCode
}

const ANONYMOUS_PER_MINUTE = 60

/** Writes refused requests into the audit log. Strangers must not be able to fill it: they get so many rows a minute. */
export class DeniedAccess {
  readonly #database: Knex
  readonly #log: Logger
  readonly #now: () => Date
  #minute = 0
  #written = 0
  #suppressed = 0

  constructor(database: Knex, log: Logger, now: () => Date) {
    this.#database = database
    this.#log = log
    this.#now = now
  }

  /** Does not wait: a refusal is answered whether or not it can be written down. */
  record(denial: Denial): void {
    if (denial.caller.type === 'anonymous' && !this.#admit()) return
    const suppressed = this.#suppressed
    this.#suppressed = 0
    recordAudit(this.#database, {
      ...actorOf(denial.caller),
      action: 'access-denied',
      target: `${denial.method} ${denial.route}`,
      outcome: 'denied',
      request_id: denial.requestId,
      detail: { code: denial.code, ...(suppressed > 0 && { suppressed }) },
    }).catch((error: unknown) => this.#log.warn({ err: error }, 'could not write a refusal into the audit log'))
  }

  #admit(): boolean {
    const minute = Math.floor(this.#now().getTime() / 60_000)
    if (minute !== this.#minute) [this.#minute, this.#written] = [minute, 0]
    if (++this.#written <= ANONYMOUS_PER_MINUTE) return true
    this.#suppressed++
    return false
  }
}
