import { fingerprint } from '../../contract/fingerprint.ts'
import { readUnembedded, summarizeDrafts, writeEmbeddings } from '../../stores/postgres/chunk-drafts.ts'
import type { ChunkDraftRow } from '../../stores/postgres/rows.ts'
import type { TenantTransaction } from '../../stores/postgres/tenant-scope.ts'
import { embeddingText } from '../embedding-text.ts'
import { encodeEmbedding } from '../../stores/postgres/embedding-bytes.ts'
import { PAGE, type IngestRun } from '../ingest-run.ts'
import type { EmbeddingPart } from '../ingestion-parts.ts'
import { PermanentFailure } from '../job-failure.ts'
import type { ChunkMetadata } from '../point-metadata.ts'
import { readingLimits } from '../reading-limits.ts'
import { nothingToWrite, type Stage } from './stage.ts'

/** Chunks → vectors, a page at a time; each page is kept, so that no text is embedded twice. */
export const embedStage: Stage = {
  name: 'embed',
  async run(run) {
    const embedding = chooseEmbedding(run)
    if (!embedding) return { detail: 'no embedding model: BM25 only', commit: nothingToWrite }
    const made = fingerprint(embedding.space)
    if (run.drafts) return embedAtOnce(run, embedding, made, run.drafts)
    const total = await embedPages(run, embedding, made)
    return { detail: `${total} vectors`, commit: nothingToWrite }
  },
}

/**
 * The model, if it is the one that the collection is made for; null when the collection holds no vectors.
 * @throws PermanentFailure
 */
export function chooseEmbedding({ parts, generation }: IngestRun): EmbeddingPart | null {
  if (generation.dimension === null) return null
  const { embedding } = parts
  const held = `collection ${generation.alias} holds vectors of ${generation.model} with ${generation.dimension} dimensions`
  if (!embedding) {
    throw new PermanentFailure(
      'EMBEDDING_MISMATCH',
      `${held}, but there is no embedding model; set EMBEDDING_PROVIDER and EMBEDDING_MODEL, and reprocess the document`,
    )
  }
  const { space } = embedding
  if (space.dimension !== generation.dimension)
    throw new PermanentFailure('EMBEDDING_DIMENSION', `${held}, the model ${space.model} is set to ${space.dimension}`)
  if (fingerprint(space) !== generation.fingerprint)
    throw new PermanentFailure('EMBEDDING_MISMATCH', `${held}, ${whyIncomparable(generation.model, space)}`)
  return embedding
}

/** The dimension is the same, and all distances are cosine: it is the model, or what makes the sparse vectors. */
function whyIncomparable(model: string | null, space: EmbeddingPart['space']): string {
  if (model !== space.model) return `which cannot be compared with those of ${space.model}`
  return `made by another version of the text analysis than ${space.analyzer}, that of this image; run the image that made it, or index the documents into a new collection`
}

async function embedAtOnce(run: IngestRun, embedding: EmbeddingPart, made: string, drafts: ChunkDraftRow[]) {
  const vectors = await embedTexts(run, embedding, drafts)
  return {
    detail: `${vectors.length} vectors`,
    async commit(tenant: TenantTransaction) {
      await keep(tenant, made, drafts, vectors)
      run.drafts = drafts.map((draft, index) => ({ ...draft, embedding: vectors[index]!, embedded_by: made }))
    },
  }
}

async function embedPages(run: IngestRun, embedding: EmbeddingPart, made: string): Promise<number> {
  const { id } = run.document
  const { count: total, embedded } = await run.transaction(tenant => summarizeDrafts(tenant, id, made))
  for (let done = embedded; ;) {
    const page = await run.transaction(tenant => readUnembedded(tenant, id, made, PAGE))
    if (page.length === 0) return total
    const vectors = await embedTexts(run, embedding, page)
    done += page.length
    await run.transaction(async tenant => {
      await keep(tenant, made, page, vectors)
      await run.progress(tenant, 'embed', `${done} of ${total} chunks`)
    })
  }
}

async function embedTexts(run: IngestRun, { embedder, space }: EmbeddingPart, drafts: readonly ChunkDraftRow[]) {
  const limits = await readingLimits({ embedder, space })
  const texts = drafts.map(({ text, metadata, context }) => {
    const { headings } = metadata as unknown as ChunkMetadata
    return embeddingText({ text, headings, context, title: run.document.title }, limits!)
  })
  const vectors = await embedder.embed(texts, 'document', run.signal)
  return vectors.map(vector => encodeEmbedding(vector, space.dimension))
}

async function keep(tenant: TenantTransaction, made: string, drafts: readonly ChunkDraftRow[], vectors: Buffer[]) {
  const embeddings = drafts.map(({ id }, index) => ({ id, embedding: vectors[index]! }))
  await writeEmbeddings(tenant, made, embeddings)
}
