import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { ChunkerName, ChunkingSettings } from '../contract/chunking.ts'
import type { VectorSpace } from '../contract/fingerprint.ts'
import type { RetrieverName } from '../contract/retrieval.ts'
import type { Llm } from '../providers/llms/llm.ts'
import type { Embedder } from '../providers/embedders/embedder.ts'
import type { Cache } from '../stores/caches/cache.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { VectorStore } from '../stores/vectors/vector-store.ts'
import type { UsageMeter } from '../usage/usage-meter.ts'
import type { Chunker } from './chunkers/chunker.ts'
import type { ParsedDocument } from './parsers/parser.ts'
import type { JobQueue } from './queue.ts'

/** What jobs are run with; made once in worker.ts or standalone.ts. */
export interface IngestionParts {
  readonly database: Knex
  readonly vectors: VectorStore
  /** Null in lexical mode. */
  readonly embedding: EmbeddingPart | null
  /** The pipeline's; a knowledge base overrides single fields. */
  readonly chunking: ChunkingSettings
  /** The pipeline's, of knowledge bases that name none. */
  readonly defaultRetriever: RetrieverName
  readonly parse: Parse
  /** The LLM that a knowledge base's documents are shown to, by its settings; null: there is none. @throws ApiError */
  readonly llm: (scope: TenantScope, knowledgeBaseSettings: Readonly<Record<string, unknown>>) => Promise<Llm | null>
  readonly chunkers: Readonly<Record<ChunkerName, Chunker>>
  readonly queue: JobQueue
  /** What was made of documents that go is forgotten with them. */
  readonly cache: Pick<Cache, 'purge'>
  readonly usage: UsageMeter
  readonly auditRetentionDays: number
  /** What this installation has done at night besides cleaning up. */
  readonly schedule: { readonly maintenance: boolean; readonly isolationCheck: boolean }
  readonly now: () => Date
  readonly log: Logger
}

export interface EmbeddingPart {
  readonly embedder: Embedder
  readonly space: VectorSpace
}

/** Finds the parser for a file and runs it. @throws UnreadableDocument */
export type Parse = (
  bytes: Uint8Array,
  hint: { readonly filename?: string; readonly mediaType: string },
) => Promise<ParsedDocument>
