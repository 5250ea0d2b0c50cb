import { fingerprint } from '../contract/fingerprint.ts'
import type { LegWorth } from '../contract/leg-worth.ts'
import { documentWeights, queryWeights } from '../retrieval/bm25/weights.ts'
import { analyze, analyzeQuestion } from '../retrieval/bm25/analyzer.ts'
import { cosine } from '../retrieval/cosine.ts'
import { isWorthDue } from '../retrieval/fusion/leg-worth.ts'
import { LexicalStatistics } from '../retrieval/lexical-statistics.ts'
import { POOL } from '../retrieval/parts.ts'
import { type ChunkInDocument, sampleChunks } from '../stores/postgres/chunks.ts'
import { activeGeneration } from '../stores/postgres/embedding-generations.ts'
import { isBusy } from '../stores/postgres/jobs.ts'
import { bumpKnowledgeBase } from '../stores/postgres/knowledge-bases.ts'
import { readStatistics, readSummary, writeLegWorth } from '../stores/postgres/lexical-statistics.ts'
import type { LexicalStatisticsRow } from '../stores/postgres/rows.ts'
import { inTenant } from '../stores/postgres/tenant-scope.ts'
import { pointId } from '../stores/vectors/point-id.ts'
import { embeddingText } from './embedding-text.ts'
import { heldOut } from './held-out.ts'
import { meanReciprocal, meanStandardScore, standingOf } from './held-out-standing.ts'
import type { EmbeddingPart } from './ingestion-parts.ts'
import type { JobWork } from './job-work.ts'

/** A mean over so many differs by some hundredths from that over all chunks; two embeddings and one search each. */
const PASSAGES = 100

/** A passage that is asked for, and the chunk that should be found without it. */
interface Probe {
  readonly passage: string
  /** What is embedded and analysed for the rest of the chunk. */
  readonly rest: string
  /** The chunk with the passage, which the store holds: it is left out. */
  readonly ownPoint: string
}

/**
 * Measures what each leg of hybrid retrieval is worth in a knowledge base, when it is time: takes sentences out of some of its
 * chunks, asks for them, and notes how far up the rest of their chunk would stand among the other chunks. No question of any
 * data set is needed, so it works in every language and says at once when a model does not know it. Gives what it did.
 */
export async function measureLegs({ parts, scope, job, signal }: JobWork): Promise<string> {
  const { embedding, database } = parts
  const generation = await activeGeneration(database, scope.collection)
  if (!embedding || !generation || fingerprint(embedding.space) !== generation.fingerprint) return 'no vectors'
  // Cosine is compared with what the store scores; of vectors of unit length, as models give them, also the dot product.
  if (embedding.space.distance === 'euclid') return 'not for this distance'
  const due = await inTenant(database, scope, async tenant => {
    const summary = await readSummary(tenant, job.kb_id)
    const busy = await tenant.control(sql => isBusy(sql, scope.tenantId, job.kb_id))
    // The job that ends the business asks again.
    if (busy || !summary) return 'later'
    if (!isWorthDue(summary.leg_worth, summary.chunk_count, generation.fingerprint)) return 'not needed'
    // Some MB: read last, or every count after a change would read them.
    const [statistics] = await readStatistics(tenant, [job.kb_id])
    return { statistics: statistics!, chunks: await sampleChunks(tenant, job.kb_id, PASSAGES) }
  })
  if (typeof due === 'string') return due
  const { statistics, chunks } = due

  const probes = chunks.flatMap((chunk, index) => probe(chunk, index, generation.generation, embedding))
  const standings = await compare({ parts, scope, job, signal }, embedding, statistics, probes)
  const [dense, bm25] = [standings.map(one => one.dense), standings.map(one => one.bm25)]
  const worth: LegWorth = {
    meanReciprocalRank: { dense: meanReciprocal(dense.map(({ place }) => place)), bm25: meanReciprocal(bm25.map(({ place }) => place)) }, // prettier-ignore
    standardScore: { dense: meanStandardScore(dense), bm25: meanStandardScore(bm25) },
    passages: probes.length,
    chunks: statistics.chunk_count,
    fingerprint: generation.fingerprint,
    measuredAt: parts.now().toISOString(),
  }
  await inTenant(database, scope, async tenant => {
    await writeLegWorth(tenant, job.kb_id, worth)
    // Rankings change, so remembered ones are no longer true.
    await bumpKnowledgeBase(tenant, job.kb_id)
  })
  const { standardScore: found } = worth
  return `dense ${found!.dense.toFixed(2)}, bm25 ${found!.bm25.toFixed(2)} with ${probes.length} passages`
}

function probe(chunk: ChunkInDocument, index: number, generation: number, { embedder }: EmbeddingPart): Probe[] {
  const found = heldOut(chunk.text, index)
  if (!found) return []
  const rest = embeddingText({ ...chunk, text: found.rest }, { characters: embedder.maxInputCharacters })
  return [{ passage: found.passage, rest, ownPoint: pointId(chunk.id, generation) }]
}

/** Where each leg would list the rest of each probe's chunk. */
async function compare(
  { parts, scope, job, signal }: JobWork,
  { embedder }: EmbeddingPart,
  row: LexicalStatisticsRow,
  probes: readonly Probe[],
) {
  if (probes.length === 0) return []
  const asked = await embedder.embed(probes.map(({ passage }) => passage), 'query', signal) // prettier-ignore
  const expected = await embedder.embed(probes.map(({ rest }) => rest), 'document', signal) // prettier-ignore
  const statistics = new LexicalStatistics(row)
  const standings = []
  for (const [index, { passage, rest, ownPoint }] of probes.entries()) {
    signal.throwIfAborted()
    const words = queryWeights(analyzeQuestion(passage), statistics)
    const vector = asked[index]!
    const [dense = [], bm25 = []] = await parts.vectors.search(scope.vectors([job.kb_id]), {
      legs: [
        { using: 'dense', vector, limit: POOL },
        { using: 'sparse', vector: words, limit: POOL },
      ],
      signal,
    })
    const weighed = documentWeights(analyze(rest), row.weighted_with)
    const population = Math.max(dense.length, bm25.length)
    standings.push({
      dense: standingOf(dense, ownPoint, cosine(vector, expected[index]!), { limit: POOL, population }),
      bm25: standingOf(bm25, ownPoint, product(words, weighed), { limit: POOL, population, floor: 0 }),
    })
  }
  return standings
}

function product(a: ReturnType<typeof queryWeights>, b: ReturnType<typeof queryWeights>): number {
  const values = new Map(b.indices.map((term, index) => [term, b.values[index]!]))
  return a.indices.reduce((sum, term, index) => sum + a.values[index]! * (values.get(term) ?? 0), 0)
}
