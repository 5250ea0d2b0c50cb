import type { Metrics } from './metrics.ts'
import { ModelGuard } from './providers/model-guard.ts'
import type { ModelUse } from './providers/model-use.ts'

interface Guarded {
  readonly use: ModelUse
  readonly provider: string
  readonly model: string
  readonly guard: ModelGuard
}

/** Failed calls in a row, retries included, until a model is left alone, and for how long. */
const FAILURES = 5
const PAUSE_MS = 15_000

/** One guard for each model and use of this process, whoever chose it. Metrics tell which models are left alone. */
export class ModelGuards {
  readonly #guards = new Map<string, Guarded>()

  constructor(metrics: Metrics) {
    const labels = ['use', 'provider', 'model'] as const
    metrics.addGauge('model_circuit_open', '1: the model failed again and again and is not asked.', labels, set => {
      for (const { use, provider, model, guard } of this.#guards.values())
        set(guard.open ? 1 : 0, { use, provider, model })
    })
  }

  /** @param concurrency calls at once; counts for the first that asks */
  of(use: ModelUse, { provider, model }: { provider: string; model: string }, concurrency: number): ModelGuard {
    const key = JSON.stringify([use, provider, model])
    const known = this.#guards.get(key)
    if (known) return known.guard
    const guard = new ModelGuard(provider, { concurrency, failures: FAILURES, pauseMs: PAUSE_MS })
    this.#guards.set(key, { use, provider, model, guard })
    return guard
  }
}
