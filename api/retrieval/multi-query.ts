import { z } from 'zod'
import type { Llm } from '../providers/llms/llm.ts'
import { attempt, structuredAnswer } from '../providers/llms/structured-answer.ts'
import { denseObstacle } from './dense.ts'
import { reciprocalRank } from './fusion/reciprocal-rank.ts'
import { fuseLegs, legWorth } from './hybrid.ts'
import { NO_LLM, insteadOf } from './instead-of.ts'
import type { RetrievalParts } from './parts.ts'
import { MAX_SEARCHED_CHARACTERS } from './query-transforms/transform.ts'
import { asFound } from './scored-chunks.ts'
import type { Combined, FoundLeg, LegRequest, Planner } from './search-plan.ts'

const VARIANTS = 3

const schema = z.object({
  queries: z.array(z.string().trim().min(1).max(MAX_SEARCHED_CHARACTERS)).min(1).max(VARIANTS),
})

const instructions = `Ask the question in ${VARIANTS} other ways, in its language, for a search in documents: other words for the same things, more
general, more exact. Keep names, numbers and codes exactly. Do not answer it.
Shape: {"queries": ["…"]}`

/**
 * Asks the question in several ways and has the ways vote by rank: for questions in other words than the documents'. One
 * call of the LLM; without one it is `hybrid`.
 */
export function multiQueryPlanner(parts: RetrievalParts, hybrid: Planner): Planner {
  return async (query, stopwatch) => {
    const llm = query.models?.llm
    if (!llm) return insteadOf('multi_query', hybrid, query, stopwatch, NO_LLM)
    const obstacle = await denseObstacle(parts, query)
    // Hybrid says what is wrong.
    if (obstacle?.kind === 'mismatch') return hybrid(query, stopwatch)
    const asked = await stopwatch.time('llm', () => attempt(() => otherWays(llm, query.text, query.signal)))
    if ('reason' in asked) return insteadOf('multi_query', hybrid, query, stopwatch, asked.reason)
    const worth = await legWorth(parts, query)
    const questions = [...new Set([query.text, ...asked.value])]
    const ways: readonly LegRequest['using'][] = obstacle ? ['bm25'] : ['dense', 'bm25']
    return {
      retriever: 'multi_query',
      legs: questions.flatMap((text, index) =>
        ways.map(using => ({ name: index === 0 ? using : `${using}:${index}`, using, text })),
      ),
      combine: found => vote(found, ways.length, worth),
      trace: { queries: questions, llm: { provider: llm.provider, model: llm.model } },
    }
  }
}

async function otherWays(llm: Llm, input: string, signal?: AbortSignal): Promise<string[]> {
  return (await structuredAnswer(llm, { instructions, input, schema, signal })).queries
}

/** Pure: the lists of each question fused by score, and the questions by rank. */
function vote(found: readonly FoundLeg[], legsOfEach: number, worth: Awaited<ReturnType<typeof legWorth>>): Combined {
  const rankings: Combined['chunks'][] = []
  for (let at = 0; at < found.length; at += legsOfEach)
    rankings.push(fuseLegs(found.slice(at, at + legsOfEach), undefined, worth).chunks)
  const trace = { fusion: 'rrf', ...(worth && legsOfEach > 1 && { leg_worth: worth }) }
  return { chunks: asFound(reciprocalRank(rankings), found), trace }
}
