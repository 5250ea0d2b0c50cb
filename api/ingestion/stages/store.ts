import { documentWeights } from '../../retrieval/bm25/weights.ts'
import { type DraftSummary, readDrafts, summarizeDrafts } from '../../stores/postgres/chunk-drafts.ts'
import { publishDrafts } from '../../stores/postgres/chunks.ts'
import { updateDocument } from '../../stores/postgres/documents.ts'
import { bumpKnowledgeBase } from '../../stores/postgres/knowledge-bases.ts'
import { agreeOnWeight, readSummary } from '../../stores/postgres/lexical-statistics.ts'
import type { ChunkDraftRow } from '../../stores/postgres/rows.ts'
import { pointId } from '../../stores/vectors/point-id.ts'
import { VectorStoreUnavailable, type VectorPoint } from '../../stores/vectors/vector-store.ts'
import { decodeEmbedding } from '../../stores/postgres/embedding-bytes.ts'
import { PAGE, type IngestRun } from '../ingest-run.ts'
import { pointMetadata, type ChunkMetadata } from '../point-metadata.ts'
import { sameAverage, weightFor } from '../weight-average.ts'
import { chooseEmbedding } from './embed.ts'
import { type Stage, StageOutdated } from './stage.ts'

/**
 * Chunks and vectors → points, counted. The new revision's points are there before the old one's go, and the rows follow
 * in one transaction.
 */
export const storeStage: Stage = {
  name: 'store',
  async run(run) {
    // Once more: the collection may be another one than when the texts were embedded.
    const dense = chooseEmbedding(run) !== null
    const { averageLength, count } = await settleWeight(run, dense)
    await writePoints(run, averageLength, dense)
    await leaveOnlyThese(run, [...run.writtenPoints])
    return {
      detail: count === 1 ? '1 point' : `${count} points`,
      async commit(tenant) {
        const { id, kb_id } = run.document
        await publishDrafts(tenant, id, run.document.chunk_count > 0)
        await updateDocument(tenant, id, { status: 'ready', error: null, chunk_count: count })
        await bumpKnowledgeBase(tenant, kb_id)
        run.stored = count
        // Calibration has chosen another average since these points were weighted with the old one.
        const now = await readSummary(tenant, kb_id)
        if (!now || sameAverage(now.weighted_with, averageLength)) return
        run.weight = now.weighted_with
        throw new StageOutdated('store')
      },
    }
  },
}

async function settleWeight(run: IngestRun, dense: boolean): Promise<{ averageLength: number; count: number }> {
  const { id, kb_id } = run.document
  const drafts = run.drafts
    ? summaryOf(run.drafts)
    : await run.transaction(tenant => summarizeDrafts(tenant, id, dense ? run.generation.fingerprint : null))
  if (drafts.count === 0) throw new StageOutdated('chunk')
  // Embedded by another model before the configuration changed.
  if (dense && drafts.embedded < drafts.count) throw new StageOutdated('embed')
  const own = weightFor(drafts.terms / drafts.count)
  run.weight ??= await run.transaction(tenant => agreeOnWeight(tenant, kb_id, own))
  return { averageLength: run.weight, count: drafts.count }
}

function summaryOf(drafts: readonly ChunkDraftRow[]): DraftSummary {
  return {
    count: drafts.length,
    embedded: drafts.filter(({ embedded_by }) => embedded_by !== null).length,
    terms: drafts.reduce((sum, { length }) => sum + length, 0),
  }
}

async function writePoints(run: IngestRun, averageLength: number, dense: boolean): Promise<void> {
  const { id } = run.document
  for (let from = 0; ;) {
    const page = run.drafts ?? (await run.transaction(tenant => readDrafts(tenant, id, from, PAGE)))
    const points = page.map(draft => pointOf(run, draft, averageLength, dense))
    // Before they are written: if this fails half way, some are there.
    for (const { id } of points) run.writtenPoints.add(id)
    await run.parts.vectors.upsert(run.vectors, points)
    if (run.drafts || page.length < PAGE) return
    from = page.at(-1)!.position + 1
  }
}

function pointOf(run: IngestRun, draft: ChunkDraftRow, averageLength: number, dense: boolean): VectorPoint {
  const analyzed = {
    terms: new Map(draft.terms.map((term, index) => [term, draft.frequencies[index]!])),
    length: draft.length,
  }
  return {
    id: pointId(draft.id, run.generation.generation),
    knowledgeBaseId: draft.kb_id,
    documentId: draft.document_id,
    chunkId: draft.id,
    position: draft.position,
    text: draft.text,
    metadata: pointMetadata(run.document, draft.metadata as unknown as ChunkMetadata),
    sparse: documentWeights(analyzed, averageLength),
    ...(dense && draft.embedding && { dense: decodeEmbedding(draft.embedding) }),
  }
}

/** Removes the points of an earlier revision or of other chunking, and makes sure that all of these arrived. */
async function leaveOnlyThese(run: IngestRun, ids: readonly string[]): Promise<void> {
  const { vectors } = run.parts
  const selector = { documentId: run.document.id }
  let found = await vectors.count(run.vectors, selector)
  if (found !== ids.length) {
    // Whether this is still the document's newest content, before anything else of it is removed.
    await run.transaction(async () => {})
    await vectors.delete(run.vectors, { ...selector, exceptIds: ids })
    found = await vectors.count(run.vectors, selector)
  }
  if (found !== ids.length)
    throw new VectorStoreUnavailable(`of ${ids.length} points that were written, ${found} are there`)
}
