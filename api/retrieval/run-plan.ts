import type { RetrieverName } from '../contract/retrieval.ts'
import type { ScoredPoint } from '../stores/vectors/vector-store.ts'
import { type TermCorpus, bm25Leg, termCorpus } from './bm25.ts'
import { denseLeg } from './dense.ts'
import { POOL, type PreparedLeg, type RetrievalParts, narrowing } from './parts.ts'
import type { Retrieval, RetrievalQuery, Retriever } from './retriever.ts'
import type { LegRequest, Planner, SearchPlan } from './search-plan.ts'
import { Stopwatch } from './stopwatch.ts'

/** A retriever that does what a planner says, in one request to the store. */
export function plannedRetriever(name: RetrieverName, parts: RetrievalParts, plan: Planner): Retriever {
  return {
    name,
    async retrieve(query) {
      const stopwatch = new Stopwatch()
      return runPlan(parts, query, await plan(query, stopwatch), stopwatch)
    },
  }
}

async function runPlan(
  parts: RetrievalParts,
  query: RetrievalQuery,
  plan: SearchPlan,
  stopwatch: Stopwatch,
): Promise<Retrieval> {
  const prepared = await prepare(parts, query, plan.legs, stopwatch)
  const lists = await stopwatch.time('search', () => search(parts, query, prepared, plan.depth ?? POOL))
  const found = plan.legs.map((leg, index) => ({ ...leg, points: lists[index] ?? [] }))
  const { chunks, trace } = await stopwatch.time('fuse', () => plan.combine(found))
  return {
    retriever: plan.retriever,
    chunks: chunks.slice(0, query.topK),
    timings: stopwatch.timings,
    trace: {
      ...plan.trace,
      ...trace,
      legs: Object.fromEntries(
        found.map(({ name, points }, index) => [name, { ...prepared[index]!.trace, candidates: points.length }]),
      ),
    },
  }
}

/** All at once: embedding a question and reading term statistics wait for different things. */
async function prepare(
  parts: RetrievalParts,
  query: RetrievalQuery,
  legs: readonly LegRequest[],
  stopwatch: Stopwatch,
): Promise<PreparedLeg[]> {
  let corpus: Promise<TermCorpus> | undefined
  return Promise.all(
    legs.map(async ({ using, text }) => {
      if (using === 'dense') return denseLeg(parts, text, query, stopwatch)
      corpus ??= termCorpus(parts, query, stopwatch)
      return bm25Leg(text, await corpus)
    }),
  )
}

/** One request, whatever the number of legs; none when there is nothing to look for. */
async function search(
  parts: RetrievalParts,
  query: RetrievalQuery,
  prepared: readonly PreparedLeg[],
  limit: number,
): Promise<ScoredPoint[][]> {
  const asked = prepared.flatMap(({ leg }, index) => (leg ? [{ leg, index }] : []))
  const lists: ScoredPoint[][] = prepared.map(() => [])
  if (asked.length === 0) return lists
  const answers = await parts.vectors.search(query.scope.vectors(query.knowledgeBaseIds), {
    ...narrowing(query),
    legs: asked.map(({ leg }) => ({ ...leg, limit })),
  })
  for (const [place, { index }] of asked.entries()) lists[index] = answers[place] ?? []
  return lists
}
