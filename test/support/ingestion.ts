import { randomBytes, randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { pino } from 'pino'
import { analyzerVersion } from '../../api/contract/analyzer.ts'
import { defaultChunking } from '../../api/contract/chunking.ts'
import type { VectorSpace } from '../../api/contract/fingerprint.ts'
import type { Quotas } from '../../api/contract/quotas.ts'
import { chunkers } from '../../api/ingestion/chunkers/index.ts'
import type { EmbeddingPart, IngestionParts } from '../../api/ingestion/ingestion-parts.ts'
import { parseDocument } from '../../api/ingestion/parsers/index.ts'
import { AllowedHosts } from '../../api/fetching/allowed-hosts.ts'
import { DocumentFetcher } from '../../api/fetching/fetch-document.ts'
import { JobQueue } from '../../api/ingestion/queue.ts'
import { startWorker, type Worker } from '../../api/ingestion/start-worker.ts'
import { openAiEmbedder } from '../../api/providers/embedders/openai.ts'
import type { Request } from '../../api/services/caller.ts'
import { PostgresDocumentService } from '../../api/services/documents/document-service.ts'
import type { AcceptedDocument } from '../../api/services/documents.ts'
import type { DocumentStatus } from '../../api/stores/postgres/rows.ts'
import { addUsage } from '../../api/stores/postgres/usage.ts'
import { inTenant, TenantScope } from '../../api/stores/postgres/tenant-scope.ts'
import { findTenantBySlug } from '../../api/stores/postgres/tenants.ts'
import { knowledgeBaseIds } from '../../api/stores/postgres/knowledge-bases.ts'
import type { Cache } from '../../api/stores/caches/cache.ts'
import { PgVectorStore } from '../../api/stores/vectors/pgvector/pg-vector-store.ts'
import { QdrantVectorStore } from '../../api/stores/vectors/qdrant/qdrant-vector-store.ts'
import type { VectorStore } from '../../api/stores/vectors/vector-store.ts'
import { UsageMeter } from '../../api/usage/usage-meter.ts'
import { startEmbeddedPostgres } from '../../api/standalone/embedded-postgres.ts'
import { memoryCache } from './caches.ts'
import { eventually } from './eventually.ts'
import { type ModelServer, startModelServer } from './model-server.ts'
import { openTestDatabase, postgres } from './postgres.ts'
import { contextWith, MemoryVault, pipelineWith, provisionPipeline, provisionTenant, tenantOf } from './provisioning.ts'
import { qdrant, type TestQdrant } from './qdrant.ts'

export const DIMENSION = 16
export const space: VectorSpace = {
  model: 'test-model',
  dimension: DIMENSION,
  distance: 'cosine',
  analyzer: analyzerVersion,
}
export const request: Request = { caller: { type: 'admin' }, requestId: 'test-request' }

/** Where a bench keeps its data. */
export interface BenchStores {
  readonly databaseUrl: string
  readonly prefix: string
  /** What a process has to know to use the same stores. */
  readonly environment: Readonly<Record<string, string>>
  openVectors(database: Knex): VectorStore
  close(): Promise<void>
}

/** A database of its own in the real Postgres, and the Qdrant that the run shares, or another one. */
export async function realStores(connection?: TestQdrant): Promise<BenchStores> {
  connection ??= await qdrant()
  const database = await (await postgres()).createDatabase()
  const prefix = `t${randomBytes(4).toString('hex')}`
  return {
    databaseUrl: database.url,
    prefix,
    environment: {
      DATABASE_URL: database.url,
      QDRANT_URL: connection.url,
      QDRANT_API_KEY: connection.apiKey ?? '',
      QDRANT_COLLECTION_PREFIX: prefix,
    },
    openVectors: () => new QdrantVectorStore({ ...connection, timeoutMs: 3_000 }),
    close: () => database.drop(),
  }
}

/** One embedded PGlite for everything, as in `npm start`. */
export async function embeddedStores(): Promise<BenchStores> {
  const pglite = await startEmbeddedPostgres(null)
  return {
    databaseUrl: pglite.url,
    prefix: 'embedded',
    environment: { DATABASE_URL: pglite.url, VECTOR_ENGINE: 'pgvector' },
    openVectors: database => new PgVectorStore({ database }),
    close: () => pglite.stop(),
  }
}

/** A provisioned tenant with the knowledge base `handbook`, and everything that documents need. */
export class IngestionBench {
  readonly stores: BenchStores
  readonly database: Knex
  readonly vectors: FaultyVectors
  readonly models: ModelServer
  readonly scope: TenantScope
  readonly knowledgeBaseId: string
  readonly cache: Cache
  readonly queue: JobQueue
  readonly service: PostgresDocumentService
  readonly embedding: EmbeddingPart
  readonly usage: UsageMeter
  readonly #workers: Worker[] = []

  private constructor(
    parts: Pick<IngestionBench, 'stores' | 'database' | 'vectors' | 'models' | 'scope' | 'knowledgeBaseId'>,
  ) {
    this.stores = parts.stores
    this.database = parts.database
    this.vectors = parts.vectors
    this.models = parts.models
    this.scope = parts.scope
    this.knowledgeBaseId = parts.knowledgeBaseId
    this.embedding = { space, embedder: embedderFor(parts.models) }
    this.cache = memoryCache()
    this.usage = new UsageMeter({
      write: counts => addUsage(parts.database, counts),
      now: () => new Date(),
      log: quiet,
    })
    this.queue = new JobQueue({ database: parts.database, log: quiet, supervise: true })
    this.service = new PostgresDocumentService({
      ...parts,
      vectors: parts.vectors.store,
      cache: this.cache,
      queue: this.queue,
      fetcher: new DocumentFetcher({ allowed: new AllowedHosts([]), maxBytes: 1_000_000, timeoutMs: 5000 }),
      log: quiet,
    })
  }

  static async open(stores: BenchStores, quotas: Partial<Quotas> = {}): Promise<IngestionBench> {
    const database = openTestDatabase(stores.databaseUrl)
    const vectors = new FaultyVectors(stores.openVectors(database))
    const models = await startModelServer({ dimension: DIMENSION })
    const { scope, knowledgeBaseId } = await provision(stores, database, vectors.inner, 'acme', quotas)
    return new IngestionBench({ stores, database, vectors, models, scope, knowledgeBaseId })
  }

  parts(changes: Partial<IngestionParts> = {}): IngestionParts {
    return {
      database: this.database,
      vectors: this.vectors.store,
      embedding: this.embedding,
      chunking: { ...defaultChunking, chunkSize: 200, chunkOverlap: 20 },
      defaultRetriever: 'auto',
      parse: parseDocument,
      chunkers,
      llm: async () => null,
      queue: this.queue,
      cache: this.cache,
      usage: this.usage,
      auditRetentionDays: 90,
      schedule: { maintenance: false, isolationCheck: false },
      now: () => new Date(),
      log: quiet,
      ...changes,
    }
  }

  async startWorker(changes: Partial<IngestionParts> = {}, concurrency = 2): Promise<Worker> {
    const worker = startWorker(this.parts(changes), concurrency)
    this.#workers.push(worker)
    await worker.started
    return worker
  }

  async add(content: string, more: Record<string, unknown> = {}): Promise<AcceptedDocument> {
    return this.service.createFromText(this.scope, this.knowledgeBaseId, { content, ...more }, request)
  }

  /** Waits until a document has a status. */
  async until(documentId: string, wanted: DocumentStatus, timeoutMs = 15_000) {
    return eventually(async () => {
      const found = await this.service.status(this.scope, documentId)
      if (found.status !== wanted) throw new Error(`document is ${JSON.stringify(found)}, not yet ${wanted}`)
      return found
    }, timeoutMs)
  }

  points(documentId: string): Promise<number> {
    return this.vectors.inner.count(this.scope.vectors(), { documentId })
  }

  /** Rows of a table of the tenant. */
  async rows<T extends object>(table: string, where: object = {}): Promise<T[]> {
    return inTenant(this.database, this.scope, async ({ sql }) => (await sql(table).where(where)) as T[])
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) await worker.stop(2_000)
    await this.queue.stop(1_000)
    await this.embedding.embedder.close()
    await this.models.close()
    await this.vectors.inner.close()
    await this.database.destroy()
    await this.stores.close()
  }
}

export const quiet = pino({ level: process.env['TEST_LOG'] ?? 'silent' })

/** Without retries of its own, so that tests see the job's. */
export function embedderFor(models: Pick<ModelServer, 'openAiUrl'>) {
  return openAiEmbedder(
    {
      model: space.model,
      dimension: DIMENSION,
      batchSize: 64,
      timeoutMs: 5_000,
      retries: { attempts: 1, baseDelayMs: 1, longestDelayMs: 1 },
    },
    { provider: 'openai', baseUrl: models.openAiUrl, apiKey: 'test-key' },
  )
}

/** A tenant of the bench's pipeline; the first call also makes the pipeline. */
export async function provision(
  stores: BenchStores,
  database: Knex,
  vectors: VectorStore,
  slug: string,
  quotas: Partial<Quotas> = {},
) {
  const pipeline = pipelineWith(stores.prefix, {
    vectors: { space, hnsw: { m: 16, efConstruct: 100, fullScanThreshold: 10_000 } },
  })
  await provisionPipeline({ database, vectors }, pipeline)
  const tenant = tenantOf(pipeline, slug, {
    quotas: { knowledgeBases: -1, documents: -1, storageMb: -1, requestsPerMinute: -1, ...quotas },
    knowledgeBases: [{ name: 'handbook', description: '', chunking: {}, retrieval: {} }],
    apiKeys: [],
  })
  await provisionTenant({ database, vectors }, tenant, contextWith(new MemoryVault()))
  const row = await findTenantBySlug(database, slug)
  if (!row) throw new Error(`tenant ${slug} was not made`)
  const scope = new TenantScope(row)
  const ids = await inTenant(database, scope, transaction => knowledgeBaseIds(transaction, ['handbook']))
  return { scope, knowledgeBaseId: ids.get('handbook') ?? randomUUID() }
}

type Method = 'upsert' | 'updateSparse' | 'count' | 'delete'

/** A real store that can be made to fail, one call after the other, before or after the work. */
export class FaultyVectors {
  readonly inner: VectorStore
  readonly #faults: { method: Method; when: 'before' | 'after'; fail: () => Error | Promise<void> }[] = []
  readonly calls: Method[] = []

  constructor(inner: VectorStore) {
    this.inner = inner
  }

  /** What happens at the next call of `method`; `fail` gives an error to throw, or something to wait for. */
  next(method: Method, fail: () => Error | Promise<void>, when: 'before' | 'after' = 'before'): void {
    this.#faults.push({ method, when, fail })
  }

  get store(): VectorStore {
    const around = async <T>(method: Method, work: () => Promise<T>): Promise<T> => {
      this.calls.push(method)
      await this.#meet(method, 'before')
      const result = await work()
      await this.#meet(method, 'after')
      return result
    }
    const inner = this.inner
    return {
      engine: inner.engine,
      collections: inner.collections,
      ping: signal => inner.ping(signal),
      search: (scope, search) => inner.search(scope, search),
      get: (scope, ids) => inner.get(scope, ids),
      page: (scope, page) => inner.page(scope, page),
      embeddings: (scope, ids) => inner.embeddings(scope, ids),
      countByDocument: scope => inner.countByDocument(scope),
      close: () => inner.close(),
      upsert: (scope, points) => around('upsert', () => inner.upsert(scope, points)),
      updateSparse: (scope, vectors) => around('updateSparse', () => inner.updateSparse(scope, vectors)),
      count: (scope, selector) => around('count', () => inner.count(scope, selector)),
      delete: (scope, selector) => around('delete', () => inner.delete(scope, selector)),
    }
  }

  async #meet(method: Method, when: 'before' | 'after'): Promise<void> {
    const index = this.#faults.findIndex(fault => fault.method === method && fault.when === when)
    if (index < 0) return
    const [fault] = this.#faults.splice(index, 1)
    const met = fault!.fail()
    if (met instanceof Error) throw met
    await met
  }
}
