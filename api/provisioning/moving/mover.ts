import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { leaveMove, takeMove } from '../../stores/postgres/isolation-moves.ts'
import type { IsolationMoveRow } from '../../stores/postgres/rows.ts'
import type { ProvisioningStores } from '../stores.ts'
import { catchUp } from './catch-up.ts'
import { clearSource } from './clear-source.ts'
import { copyPoints } from './copy-points.ts'
import { HeldMove, MoveLost } from './held-move.ts'
import { type ObservedMove, observeMove } from './observe-move.ts'
import { type MoveTiming, moveTiming, planMove } from './plan-move.ts'
import { ChangedMeanwhile } from './switch-place.ts'

export interface MoverParts extends ProvisioningStores {
  readonly log: Logger
  readonly now: () => Date
  readonly timing?: MoveTiming
}

/** How long a failed step is left alone, and how often an idle worker looks for moves. */
const RETRY_MS = 3_000
const POLL_MS = 1_000

/**
 * Carries out moves of tenants between collections, one at a time, each in small steps: observe, plan, apply. What is known
 * of a move stands in its row, so that any worker can go on with it after another one died.
 */
export class Mover {
  readonly #parts: MoverParts
  readonly #stopping = new AbortController()
  #loop: Promise<void> = Promise.resolve()

  constructor(parts: MoverParts) {
    this.#parts = parts
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** Ends after the step that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      // A database that is away, or not prepared yet, is told by /ready.
      const found = await this.step().catch(() => false)
      if (!found) await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  /** One step of one move that is due; false when there is none. */
  async step(): Promise<boolean> {
    const move = await takeMove(this.#parts.database, randomUUID())
    if (!move) return false
    const { waitMs, error } = await this.#advance(move)
    await leaveMove(this.#parts.database, move, waitMs, error)
    return true
  }

  async #advance(move: IsolationMoveRow): Promise<{ waitMs: number; error: string | null }> {
    const { log, timing = moveTiming } = this.#parts
    try {
      const observed = await observeMove(this.#parts, move)
      const step = planMove(observed, timing)
      if (step.kind === 'wait') return { waitMs: step.ms, error: step.message }
      await this.#apply(step.kind, observed)
      log.info({ tenant_id: move.tenant_id, step: step.kind, target: move.target }, 'a tenant is being moved')
      return { waitMs: 0, error: null }
    } catch (error) {
      if (error instanceof MoveLost || error instanceof ChangedMeanwhile) return { waitMs: 0, error: null }
      log.warn({ err: error, tenant_id: move.tenant_id, phase: move.phase }, 'a step of a move will be tried again')
      return { waitMs: RETRY_MS, error: (error as Error).message }
    }
  }

  async #apply(
    kind: 'copy-points' | 'catch-up' | 'release-jobs' | 'clear-source',
    { move, tenant, target }: ObservedMove,
  ) {
    if (!tenant) throw new MoveLost('the tenant was deleted')
    const held = new HeldMove(this.#parts, move, tenant, target?.generation ?? 1)
    switch (kind) {
      case 'copy-points':
        return copyPoints(held)
      case 'catch-up':
        return catchUp(held)
      case 'release-jobs':
        return held.keep({ phase: 'clearing' })
      case 'clear-source':
        return clearSource(held, this.#parts.now)
    }
  }
}
