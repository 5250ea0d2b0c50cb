import { createHash, randomUUID } from 'node:crypto'
import type { Application } from '../../../api/application.ts'
import { analyzedColumns } from '../../../api/ingestion/stages/chunk.ts'
import { weightFor } from '../../../api/ingestion/weight-average.ts'
import { documentWeights } from '../../../api/retrieval/bm25/weights.ts'
import { activeGeneration } from '../../../api/stores/postgres/embedding-generations.ts'
import { agreeOnWeight, recount } from '../../../api/stores/postgres/lexical-statistics.ts'
import { inTenant, type TenantScope } from '../../../api/stores/postgres/tenant-scope.ts'
import { chunkId, pointId } from '../../../api/stores/vectors/point-id.ts'
import type { VectorPoint } from '../../../api/stores/vectors/vector-store.ts'
import { bagOfWords } from '../../support/model-server/script.ts'
import { CHUNKS_IN_DOCUMENT, type Corpus } from '../api/corpus.ts'
import type { FilledTenant } from '../api/fill.ts'

/** Documents that are written in one transaction. */
const BATCH = 50
const DIMENSION = 384

/**
 * Writes documents, chunks and points as the worker leaves them, without its jobs, which would take an hour for 100,000 chunks.
 * Texts and vectors are synthetic: words with the frequencies of a language, and bags of them.
 */
export async function fillDirectly(
  application: Application,
  tenant: FilledTenant,
  corpus: Corpus,
  chunks: number,
): Promise<void> {
  const { scope } = await application.gate.authentication.authenticate(tenant.key)
  for (let left = Math.ceil(chunks / CHUNKS_IN_DOCUMENT); left > 0; left -= BATCH)
    await writeDocuments(application, scope, tenant.knowledgeBaseId, corpus, Math.min(BATCH, left))
  await inTenant(application.stores.database, scope, sql => recount(sql, tenant.knowledgeBaseId))
}

async function writeDocuments({ stores }: Application, scope: TenantScope, kb: string, corpus: Corpus, count: number) {
  const generation = await activeGeneration(stores.database, scope.collection)
  if (!generation) throw new Error(`no collection behind ${scope.collection}`)
  const made = Array.from({ length: count }, () => makeDocument(kb, corpus))
  const drafts = made.flatMap(({ chunks }) => chunks)
  const own = drafts.reduce((sum, { length }) => sum + length, 0) / drafts.length
  const average = await inTenant(stores.database, scope, async tenant => {
    await tenant.sql('documents').insert(made.map(({ row }) => row))
    await tenant.sql.batchInsert('chunks', drafts, 200)
    return agreeOnWeight(tenant, kb, weightFor(own))
  })
  const points = made.flatMap(({ row, chunks }) =>
    chunks.map((chunk): VectorPoint => {
      const terms = new Map(chunk.terms.map((term, index) => [term, chunk.frequencies[index]!]))
      return {
        id: pointId(chunk.id, generation.generation),
        knowledgeBaseId: kb,
        documentId: row.id,
        chunkId: chunk.id,
        position: chunk.position,
        text: chunk.text,
        metadata: { title: row.title, ...row.metadata },
        dense: unit(bagOfWords(chunk.text, DIMENSION)),
        sparse: documentWeights({ terms, length: chunk.length }, average),
      }
    }),
  )
  await stores.vectors.upsert(scope.vectors([kb]), points)
}

function makeDocument(kb: string, corpus: Corpus) {
  const content = corpus.document()
  const id = randomUUID()
  const texts = content.split(/\n\n(?=## )/)
  const row = {
    id,
    kb_id: kb,
    title: `Document ${id}`,
    metadata: { kind: id < '8' ? 'report' : 'letter' },
    content_hash: createHash('sha256').update(content).digest('hex'),
    media_type: 'text/markdown',
    size_bytes: content.length,
    status: 'ready' as const,
    chunk_count: texts.length,
  }
  const chunks = texts.map((text, position) => ({
    id: chunkId(id, 1, position),
    document_id: id,
    kb_id: kb,
    position,
    text,
    start_offset: content.indexOf(text),
    end_offset: content.indexOf(text) + text.length,
    metadata: { headings: [] },
    ...analyzedColumns(text),
  }))
  return { row, chunks }
}

function unit(vector: readonly number[]): Float32Array {
  const norm = Math.hypot(...vector)
  return Float32Array.from(vector, value => value / norm)
}
