import type { RetrieverName } from '../contract/retrieval.ts'
import type { RetrievalQuery } from './retriever.ts'
import type { Planner, SearchPlan } from './search-plan.ts'
import type { Stopwatch } from './stopwatch.ts'

export const NO_LLM = 'no LLM is configured (LLM_PROVIDER)'

/** Another retriever's plan, whose trace says for whom it stands in, and why. */
export async function insteadOf(
  name: RetrieverName,
  other: Planner,
  query: RetrievalQuery,
  stopwatch: Stopwatch,
  reason: string,
): Promise<SearchPlan> {
  const plan = await other(query, stopwatch)
  return { ...plan, trace: { ...plan.trace, fallback: { from: name, to: plan.retriever, reason } } }
}
