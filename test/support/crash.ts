import { type PlanHooks } from '../../api/provisioning/apply.ts'
import { type Transport } from '../../operator/runtime/kubernetes-transport.ts'

/**
 * Kills an operator right after its n-th change anywhere: the effect is there, but the operator has not learnt of it. From
 * then on nothing that it sends arrives.
 */
export class Crash {
  changes = 0
  crashed = false
  readonly #at: number
  readonly #whenCrashed = Promise.withResolvers<void>()

  constructor(at: number) {
    this.#at = at
  }

  get happened(): Promise<void> {
    return this.#whenCrashed.promise
  }

  transport = (real: Transport): Transport => {
    return async request => {
      this.#refuseIfDead()
      const response = await real(request)
      const counts = request.method !== 'GET' && !request.path.includes('/events')
      if (counts) this.#changed()
      return response
    }
  }

  hooks: PlanHooks = {
    beforeStep: () => this.#refuseIfDead(),
    onStep: () => this.#changed(),
  }

  #changed(): void {
    this.changes++
    if (this.changes === this.#at) {
      this.crashed = true
      this.#whenCrashed.resolve()
    }
    this.#refuseIfDead()
  }

  #refuseIfDead(): void {
    if (this.crashed) throw new Error('the operator is dead')
  }
}
