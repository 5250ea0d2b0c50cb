import { documentWeights } from '../retrieval/bm25/weights.ts'
import { pageChunkTerms, type ChunkTerms } from '../stores/postgres/chunks.ts'
import { bumpKnowledgeBase, lockKnowledgeBaseContents } from '../stores/postgres/knowledge-bases.ts'
import { activeGeneration } from '../stores/postgres/embedding-generations.ts'
import { deleteExpiredKeys } from '../stores/postgres/idempotency-keys.ts'
import { updateJob } from '../stores/postgres/jobs.ts'
import { beginReweighing, endReweighing, readSummary, recount } from '../stores/postgres/lexical-statistics.ts'
import { inTenant, type TenantTransaction } from '../stores/postgres/tenant-scope.ts'
import { pointId } from '../stores/vectors/point-id.ts'
import { CollectionMissing, type SparseVector } from '../stores/vectors/vector-store.ts'
import { measureLegs } from './measure-legs.ts'
import { runStepsOrGiveUp } from './job-steps.ts'
import { type JobWork, within } from './job-work.ts'
import { sameAverage, weightFor } from './weight-average.ts'

const PAGE = 500

/** Counts what BM25 must know of a knowledge base, and weights its vectors anew when their average length has moved. */
export async function calibrate(work: JobWork): Promise<void> {
  const { parts, job } = work
  // Whoever asked for this held the lock; after it, all of their changes are visible (request-calibration.ts).
  if (!(await within(work, tenant => lockKnowledgeBaseContents(tenant, job.kb_id)))) {
    return updateJob(parts.database, job.id, { status: 'cancelled', finished_at: parts.now() })
  }
  await runStepsOrGiveUp(work, [
    {
      name: 'count',
      async run() {
        return within(work, async tenant => {
          await recount(tenant, job.kb_id)
          await deleteExpiredKeys(tenant)
          const summary = await readSummary(tenant, job.kb_id)
          return `${summary?.chunk_count ?? 0} chunks`
        })
      },
    },
    {
      name: 'reweigh',
      async run() {
        const average = await within(work, tenant => chooseAverage(tenant, job.kb_id))
        if (average === null) return 'not needed'
        const reweighed = await reweigh(work, average)
        await within(work, async tenant => {
          await bumpKnowledgeBase(tenant, job.kb_id)
          await endReweighing(tenant, job.kb_id)
        })
        return `${reweighed} chunks`
      },
    },
    { name: 'measure', run: () => measureLegs(work) },
  ])
}

/**
 * The average to weight all chunks with anew; null when they are as they should be. Under the lock that the store stage
 * takes before it ends: a document either is among the chunks that follow, or sees the new average.
 */
async function chooseAverage(tenant: TenantTransaction, knowledgeBaseId: string): Promise<number | null> {
  if (!(await lockKnowledgeBaseContents(tenant, knowledgeBaseId))) return null
  const summary = await readSummary(tenant, knowledgeBaseId)
  if (!summary || summary.chunk_count === 0) return null
  const average = weightFor(summary.average_length)
  if (sameAverage(average, summary.weighted_with)) return summary.reweighing ? average : null
  await beginReweighing(tenant, knowledgeBaseId, average)
  return average
}

async function reweigh({ parts, scope, job, signal }: JobWork, average: number): Promise<number> {
  const generation = await activeGeneration(parts.database, scope.collection)
  if (!generation) throw new CollectionMissing(scope.collection)
  let done = 0
  for (let after: string | null = null; ;) {
    signal.throwIfAborted()
    const page: ChunkTerms[] = await inTenant(parts.database, scope, tenant =>
      pageChunkTerms(tenant, job.kb_id, after, PAGE),
    )
    if (page.length > 0) {
      const vectors = new Map(page.map(chunk => [pointId(chunk.id, generation.generation), weights(chunk, average)]))
      await parts.vectors.updateSparse(scope.vectors([job.kb_id]), vectors)
    }
    done += page.length
    if (page.length < PAGE) return done
    after = page.at(-1)!.id
  }
}

function weights({ terms, frequencies, length }: ChunkTerms, average: number): SparseVector {
  return documentWeights({ terms: new Map(terms.map((term, index) => [term, frequencies[index]!])), length }, average)
}
