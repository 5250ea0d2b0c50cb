import { attempt } from '../providers/llms/structured-answer.ts'
import { denseObstacle } from './dense.ts'
import { fuseLegs, legWorth } from './hybrid.ts'
import { NO_LLM, insteadOf } from './instead-of.ts'
import type { RetrievalParts } from './parts.ts'
import { hypotheticalPassage } from './query-transforms/hyde.ts'
import type { Planner } from './search-plan.ts'

/**
 * Finds what is like a passage that would answer the question, beside what is like the question and shares its words; the
 * three are fused. One call of the LLM; without one, or without embeddings, it is `hybrid`.
 */
export function hydePlanner(parts: RetrievalParts, hybrid: Planner): Planner {
  return async (query, stopwatch) => {
    const llm = query.models?.llm
    const plain = (reason: string) => insteadOf('hyde', hybrid, query, stopwatch, reason)
    if (!llm) return plain(NO_LLM)
    const obstacle = await denseObstacle(parts, query)
    if (obstacle) return plain(obstacle.message)
    const written = await stopwatch.time('llm', () => attempt(() => hypotheticalPassage(llm, query.text, query.signal)))
    if ('reason' in written) return plain(written.reason)
    const worth = await legWorth(parts, query)
    return {
      retriever: 'hyde',
      legs: [
        { name: 'hypothetical', using: 'dense', text: written.value },
        { name: 'dense', using: 'dense', text: query.text },
        { name: 'bm25', using: 'bm25', text: query.text },
      ],
      combine: found => fuseLegs(found, query.fusion, worth),
      trace: { hypothetical: written.value, llm: { provider: llm.provider, model: llm.model } },
    }
  }
}
