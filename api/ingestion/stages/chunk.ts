import { setImmediate as breathe } from 'node:timers/promises'
import type { ChunkingSettings } from '../../contract/chunking.ts'
import { analyze } from '../../retrieval/bm25/analyzer.ts'
import { deleteDrafts, insertDrafts, type NewChunkDraft } from '../../stores/postgres/chunk-drafts.ts'
import { readParsed } from '../../stores/postgres/document-sources.ts'
import { updateDocument } from '../../stores/postgres/documents.ts'
import { chunkId } from '../../stores/vectors/point-id.ts'
import type { Chunk } from '../chunkers/chunker.ts'
import { withinTokens } from '../chunkers/within-tokens.ts'
import { chunkingFingerprint, effectiveChunking } from '../effective-chunking.ts'
import { embeddingText } from '../embedding-text.ts'
import { PAGE, type IngestRun } from '../ingest-run.ts'
import { PermanentFailure } from '../job-failure.ts'
import type { ParsedDocument } from '../parsers/parser.ts'
import type { ChunkMetadata } from '../point-metadata.ts'
import { readingLimits } from '../reading-limits.ts'
import { type Stage, StageOutdated } from './stage.ts'

/** Text → chunks with their analysed terms. */
export const chunkStage: Stage = {
  name: 'chunk',
  async run(run) {
    const parsed = run.parsed ?? (await loadParsed(run))
    const settings = chunkingOf(run)
    const cut = await run.parts.chunkers[settings.chunker].chunk(parsed, { ...settings, longest: longestChunk(run) })
    const limits = await readingLimits(run.parts.embedding)
    const chunks = limits ? withinTokens(parsed, cut, { ...limits.text, overlap: settings.chunkOverlap }) : cut
    if (chunks.length === 0) throw new PermanentFailure('UNREADABLE_DOCUMENT', 'the document has no text in it')
    const drafts = await draftChunks(run, chunks)
    return {
      detail: chunks.length === 1 ? '1 chunk' : `${chunks.length} chunks`,
      async commit(tenant) {
        const { id } = run.document
        // Only an earlier attempt can have left any.
        if (run.job.attempts > 0) await deleteDrafts(tenant, id)
        await insertDrafts(tenant, drafts)
        await updateDocument(tenant, id, {
          chunking_fingerprint: chunkingFingerprint(settings),
          // Of an earlier revision, or of other settings.
          summary: null,
        })
        run.parsed = null
        run.drafts =
          drafts.length > PAGE
            ? null
            : drafts.map(draft => ({ ...draft, embedding: null, embedded_by: null, context: null }))
      },
    }
  },
}

/** How this document is cut. @throws PermanentFailure */
export function chunkingOf({ document, parts }: IngestRun): ChunkingSettings {
  return effectiveChunking(document.kb_chunking, { pipeline: parts.chunking, longest: longestChunk({ parts }) })
}

/** Characters that the embedding model reads. */
function longestChunk({ parts }: Pick<IngestRun, 'parts'>): number {
  return parts.embedding?.embedder.maxInputCharacters ?? Infinity
}

/** What the parse stage wrote. */
export async function loadParsed(run: IngestRun): Promise<ParsedDocument> {
  const parsed = await run.transaction(tenant => readParsed(tenant, run.document.id))
  if (!parsed) throw new StageOutdated('parse')
  return parsed
}

async function draftChunks(run: IngestRun, chunks: readonly Chunk[]): Promise<NewChunkDraft[]> {
  const { id, kb_id, revision, title } = run.document
  const drafts: NewChunkDraft[] = []
  for (const [position, chunk] of chunks.entries()) {
    // Analysis is computation; heartbeats and other jobs get their turn.
    if (position % PAGE === PAGE - 1) await breathe()
    const metadata: ChunkMetadata = {
      headings: chunk.headings,
      ...(chunk.page !== undefined && { page: chunk.page }),
      ...(chunk.parent !== undefined && { parent: chunk.parent }),
    }
    drafts.push({
      id: chunkId(id, revision, position),
      document_id: id,
      kb_id,
      position,
      text: chunk.text,
      start_offset: chunk.start,
      end_offset: chunk.end,
      metadata: { ...metadata },
      ...analyzedColumns(embeddingText({ ...chunk, title })),
    })
  }
  return drafts
}

/** A text's terms as the columns of a chunk. */
export function analyzedColumns(text: string): Pick<NewChunkDraft, 'terms' | 'frequencies' | 'length'> {
  const { terms, length } = analyze(text)
  const ids = [...terms.keys()].sort((a, b) => a - b)
  return { terms: ids, frequencies: ids.map(term => terms.get(term)!), length }
}
