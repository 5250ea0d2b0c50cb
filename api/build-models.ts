import type { Logger } from 'pino'
import type { Configuration } from './contract/configuration.ts'
import { readModelChoice, writeModelReference } from './contract/model-reference.ts'
import type { ModelGuards } from './model-guards.ts'
import { type Counters, observedLlm, observedReranker } from './metrics/observed-providers.ts'
import { guardedLlm, guardedReranker } from './providers/guarded-models.ts'
import { FallbackLlm } from './providers/llms/fallback-llm.ts'
import { createLlm } from './providers/llms/index.ts'
import type { Llm } from './providers/llms/llm.ts'
import { type LlmSettings, llmSettings, llmSettingsOf } from './providers/llms/settings.ts'
import { createReranker } from './providers/rerankers/index.ts'
import type { Reranker } from './providers/rerankers/reranker.ts'
import { type RerankerSettings, rerankerSettings, rerankerSettingsOf } from './providers/rerankers/settings.ts'
import { type OfferedModels, RequestModels } from './services/request-models.ts'
import type { SystemConfigService } from './services/system-config.ts'
import { tracedFetch } from './tracing/traced-fetch.ts'

export interface ModelIngredients extends Counters {
  readonly configuration: Configuration
  readonly systemConfig: SystemConfigService
  readonly guards: ModelGuards
  readonly log: Logger
}

const RERANKS_AT_ONCE = 16

/** The LLMs and rerankers that this process offers, and who gets which. */
export function buildModels(ingredients: ModelIngredients): RequestModels {
  return new RequestModels({
    llms: offeredLlms(ingredients),
    rerankers: offeredRerankers(ingredients),
    system: async () => (await ingredients.systemConfig.current()).models,
    tenant: ({ settings }) => readModelChoice(settings),
  })
}

/** Only the environment's own LLM falls back: who chose another one chose where texts go. */
function offeredLlms({ configuration, guards, metrics, usage, log }: ModelIngredients): OfferedModels<Llm> {
  const make = (settings: LlmSettings | null) => {
    const llm = createLlm(settings, tracedFetch)
    return llm && observedLlm(guardedLlm(llm, guards.of('llm', llm, configuration.LLM_CONCURRENCY)), { metrics, usage })
  }
  const makeAll = (references: Configuration['LLM_CHOICES']) =>
    present(references.map(reference => make(llmSettingsOf(configuration, reference))))
  const first = make(llmSettings(configuration))
  const fallbacks = makeAll(configuration.LLM_FALLBACKS)
  const noteFallback = (from: Llm, to: Llm, error: Error) => {
    metrics.countFallback(from.provider, to.provider)
    log.warn({ err: error, from: writeModelReference(from), to: writeModelReference(to) }, 'an LLM failed; another one is asked') // prettier-ignore
  }
  return {
    standard: first && fallbacks.length > 0 ? new FallbackLlm(first, fallbacks, noteFallback) : first,
    others: makeAll(configuration.LLM_CHOICES),
  }
}

function offeredRerankers({ configuration, guards, metrics, usage }: ModelIngredients): OfferedModels<Reranker> {
  const make = (settings: RerankerSettings | null) => {
    const reranker = createReranker(settings, tracedFetch)
    const guarded = reranker && guardedReranker(reranker, guards.of('rerank', reranker, RERANKS_AT_ONCE))
    return guarded && observedReranker(guarded, { metrics, usage })
  }
  return {
    standard: make(rerankerSettings(configuration)),
    others: present(configuration.RERANK_CHOICES.map(choice => make(rerankerSettingsOf(configuration, choice)))),
  }
}

function present<T>(items: readonly (T | null)[]): T[] {
  return items.filter(item => item !== null)
}
