import type { Knex } from 'knex'
import { LRUCache } from 'lru-cache'
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

const ROWS_A_MINUTE = 60

interface Budget {
  minute: number
  written: number
  suppressed: number
}

/**
 * Writes refused requests into the audit log. Nobody must be able to fill it, not strangers and not a client that goes on
 * with the key of a disabled tenant: strangers together, and each key, get so many rows a minute.
 */
export class DeniedAccess {
  readonly #database: Knex
  readonly #log: Logger
  readonly #now: () => Date
  readonly #budgets = new LRUCache<string, Budget>({ max: 10_000 })

  constructor(database: Knex, log: Logger, now: () => Date) {
    this.#database = database
    this.#log = log
    this.#now = now
  }

  /** Does not wait: a refusal is answered whether or not it can be written down. */
  record(denial: Denial): void {
    const suppressed = this.#admit(denial.caller)
    if (suppressed === null) return
    recordAudit(this.#database, {
      ...actorOf(denial.caller),
      action: 'access-denied',
      target: `${denial.method} ${denial.route}`,
      outcome: 'denied',
      request_id: denial.requestId,
      detail: { code: denial.code, ...(suppressed > 0 && { suppressed }) },
    }).catch((error: unknown) => this.#log.warn({ err: error }, 'could not write a refusal into the audit log'))
  }

  /** How many of the caller's refusals were left out before this one; null: this one is to be left out too. */
  #admit(caller: Caller): number | null {
    const who = caller.type === 'api-key' ? caller.keyId : caller.type
    const minute = Math.floor(this.#now().getTime() / 60_000)
    const budget = this.#budgets.get(who) ?? { minute, written: 0, suppressed: 0 }
    this.#budgets.set(who, budget)
    if (budget.minute !== minute) Object.assign(budget, { minute, written: 0 })
    if (budget.written === ROWS_A_MINUTE) {
      budget.suppressed++
      return null
    }
    budget.written++
    const { suppressed } = budget
    budget.suppressed = 0
    return suppressed
  }
}
