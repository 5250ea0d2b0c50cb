import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { PublicNetwork } from '../fetching/public-network.ts'
import { type DueDelivery, disableWebhook, recordAttempt, takeDue } from '../stores/postgres/webhook-deliveries.ts' // prettier-ignore
import { planAttempt } from './plan-attempt.ts'
import { sendWebhook } from './webhook-sender.ts'

export interface DispatcherParts {
  readonly database: Knex
  readonly network: PublicNetwork
  readonly now: () => Date
  readonly log: Logger
}

const AT_ONCE = 10
/** Longer than sending takes; after so long another worker tries what this one did not finish. */
const LEASE_SECONDS = 60
const POLL_MS = 1_000

/** Empties the outbox, at least once each, as long as it runs. Any number of workers may. */
export class WebhookDispatcher {
  readonly #parts: DispatcherParts
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null

  constructor(parts: DispatcherParts) {
    this.#parts = parts
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Lets what is being sent end. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    let away = false
    while (!signal.aborted) {
      const sent = await this.#deliverDue().then(
        count => {
          away = false
          return count
        },
        (error: unknown) => {
          if (!away) this.#parts.log.warn({ err: error }, 'webhooks wait: the outbox cannot be read')
          away = true
          return 0
        },
      )
      if (sent === 0) await delay(POLL_MS, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  /** Gives how many were tried. */
  async #deliverDue(): Promise<number> {
    const { database } = this.#parts
    const due = await takeDue(database, AT_ONCE, LEASE_SECONDS)
    await Promise.all(due.map(delivery => this.#deliver(delivery)))
    return due.length
  }

  async #deliver(delivery: DueDelivery): Promise<void> {
    const { database, network, now, log } = this.#parts
    const result = await sendWebhook(network, delivery, now())
    const next = planAttempt(result, delivery.attempts, Math.random())
    await recordAttempt(database, delivery.id, {
      status: next.is,
      delaySeconds: next.is === 'pending' ? next.delaySeconds : 0,
      responseStatus: result.status,
      error: result.error,
    })
    if (next.is === 'dead') {
      log.warn(
        { webhook_id: delivery.webhook_id, delivery_id: delivery.id, reason: result.error },
        'a webhook was given up',
      )
      if (next.disable !== null) await disableWebhook(database, delivery.webhook_id, next.disable)
    }
  }
}
