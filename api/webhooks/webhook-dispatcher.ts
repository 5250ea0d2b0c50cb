import type { Knex } from 'knex'
import type { Logger } from 'pino'
import { BackgroundLoop } from '../background-loop.ts'
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

/** Empties the outbox, at least once each, as long as it runs. Any number of workers may. To stop lets what is being sent end. */
export class WebhookDispatcher extends BackgroundLoop {
  readonly #parts: DispatcherParts
  #away = false

  constructor(parts: DispatcherParts) {
    super()
    this.#parts = parts
  }

  protected override async turn(): Promise<number> {
    try {
      const sent = await this.#deliverDue()
      this.#away = false
      return sent === 0 ? POLL_MS : 0
    } catch (error) {
      if (!this.#away) this.#parts.log.warn({ err: error }, 'webhooks wait: the outbox cannot be read')
      this.#away = true
      return POLL_MS
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
