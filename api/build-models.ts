import type { Knex } from 'knex'
import { LRUCache } from 'lru-cache'
import type { Configuration } from './contract/configuration.ts'
import { type ModelChoice, readModelChoice } from './contract/model-reference.ts'
import type { Metrics } from './metrics.ts'
import { observedLlm, observedReranker } from './metrics/observed-providers.ts'
import { createLlm } from './providers/llms/index.ts'
import type { Llm } from './providers/llms/llm.ts'
import { type LlmSettings, llmSettings, llmSettingsOf } from './providers/llms/settings.ts'
import { createReranker } from './providers/rerankers/index.ts'
import type { Reranker } from './providers/rerankers/reranker.ts'
import { rerankerSettings, rerankerSettingsOf } from './providers/rerankers/settings.ts'
import { type OfferedModels, RequestModels } from './services/request-models.ts'
import type { SystemConfigService } from './services/system-config.ts'
import { findTenant } from './stores/postgres/tenants.ts'

export interface ModelIngredients {
  readonly configuration: Configuration
  readonly database: Knex
  readonly systemConfig: SystemConfigService
  readonly metrics: Metrics
}

/** As long as a knowledge base's settings are remembered. */
const TENANT_TTL_MS = 5000

/** The LLMs and rerankers that this process offers, and who gets which. */
export function buildModels({ configuration, database, systemConfig, metrics }: ModelIngredients): RequestModels {
  const tenants = new LRUCache<string, ModelChoice>({
    max: 10_000,
    ttl: TENANT_TTL_MS,
    fetchMethod: async id => readModelChoice((await findTenant(database, id))?.settings ?? {}),
  })
  return new RequestModels({
    llms: offeredLlms(configuration, metrics),
    rerankers: offeredRerankers(configuration, metrics),
    system: async () => (await systemConfig.current()).models,
    tenant: async scope => (await tenants.fetch(scope.tenantId)) ?? {},
  })
}

function offeredLlms(configuration: Configuration, metrics: Metrics): OfferedModels<Llm> {
  const make = (settings: LlmSettings | null) => {
    const llm = createLlm(settings)
    return llm && observedLlm(llm, metrics)
  }
  return {
    standard: make(llmSettings(configuration)),
    others: present(configuration.LLM_CHOICES.map(choice => make(llmSettingsOf(configuration, choice)))),
  }
}

function offeredRerankers(configuration: Configuration, metrics: Metrics): OfferedModels<Reranker> {
  const make = (settings: Parameters<typeof createReranker>[0]) => {
    const reranker = createReranker(settings)
    return reranker && observedReranker(reranker, metrics)
  }
  return {
    standard: make(rerankerSettings(configuration)),
    others: present(configuration.RERANK_CHOICES.map(choice => make(rerankerSettingsOf(configuration, choice)))),
  }
}

function present<T>(items: readonly (T | null)[]): T[] {
  return items.filter(item => item !== null)
}
