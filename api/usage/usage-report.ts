import { type ModelUse, modelUses } from '../providers/model-use.ts'
import type { UsageCount, UsageMetric } from '../stores/postgres/usage.ts'

/** What one model did. */
export interface ModelUsage {
  readonly use: ModelUse
  readonly provider: string
  readonly model: string
  readonly calls: number
  /** Texts that were embedded or ranked; 0 of an LLM. */
  readonly texts: number
  /** Both as the provider counts them; 0 where it does not say. */
  readonly inputTokens: number
  readonly outputTokens: number
}

export interface UsageSum {
  readonly requests: number
  readonly retrievals: number
  readonly answers: number
  readonly documents: number
  readonly chunks: number
  readonly models: readonly ModelUsage[]
}

export interface UsageReport {
  readonly totals: UsageSum
  /** Days on which something was used, in order. */
  readonly days: readonly (UsageSum & { readonly day: string })[]
}

/** Counts as people read them. Pure. */
export function usageReport(counts: readonly UsageCount[]): UsageReport {
  const days = Map.groupBy(counts, ({ day }) => day)
  return {
    totals: sumOf(counts),
    days: [...days].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([day, ofDay]) => ({ day, ...sumOf(ofDay) })),
  }
}

function sumOf(counts: readonly UsageCount[]): UsageSum {
  const sum = (metric: UsageMetric) => total(counts, metric)
  return {
    requests: sum('requests'),
    retrievals: sum('retrievals'),
    answers: sum('answers'),
    documents: sum('documents'),
    chunks: sum('chunks'),
    models: modelUses.flatMap(use => modelsOf(use, counts.filter(({ metric }) => metric.startsWith(`${use}_`)))), // prettier-ignore
  }
}

function modelsOf(use: ModelUse, counts: readonly UsageCount[]): ModelUsage[] {
  const models = Map.groupBy(counts, ({ provider, model }) => JSON.stringify([provider, model]))
  return [...models.values()].map(ofModel => {
    const [{ provider, model }] = ofModel as [UsageCount]
    const sum = (what: string) => total(ofModel, `${use}_${what}` as UsageMetric)
    return {
      use,
      provider,
      model,
      calls: sum('calls'),
      texts: sum('texts'),
      inputTokens: sum('input_tokens'),
      outputTokens: sum('output_tokens'),
    }
  })
}

function total(counts: readonly UsageCount[], wanted: UsageMetric): number {
  return counts.reduce((sum, { metric, count }) => (metric === wanted ? sum + count : sum), 0)
}
