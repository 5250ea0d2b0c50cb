import { createServer } from 'node:http'
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { type Application, buildApplication } from '../../api/application.ts'
import { parseConfiguration } from '../../api/contract/configuration.ts'
import { logOptions } from '../../api/contract/log-format.ts'
import { createApp } from '../../api/http/app.ts'
import { productVersion } from '../../api/contract/product-version.ts'
import type { EmbedderResult } from '../../api/providers/embedders/index.ts'
import { buildIngestion } from '../../api/build-ingestion.ts'
import type { MoveTiming } from '../../api/provisioning/moving/plan-move.ts'
import { startWorker } from '../../api/ingestion/start-worker.ts'
import { ApiClient, type Answer, type Json } from './api-client.ts'
import { eventually } from './eventually.ts'
import { localEmbedder } from './local-embedder.ts'
import { type TestDatabase, postgres } from './postgres.ts'
import { qdrant } from './qdrant.ts'
import { onEndOfFile } from './teardown.ts'

export const ADMIN_TOKEN = 'admin-token-of-the-tests'

export interface ApiOptions {
  /** `none` (the default): lexical mode; `local`: the real model. */
  readonly embedding?: 'none' | 'local'
  /** More variables, or others than the usual ones. */
  readonly environment?: Readonly<Record<string, string>>
  /** Instead of a database and collections of its own: the ones of somebody else, who also removes them. */
  readonly on?: { readonly database: TestDatabase; readonly collectionPrefix: string }
  /** Runs jobs in this process; default true. */
  readonly worker?: boolean
  readonly now?: () => Date
  /** Of moves between collections; default: as the product has it. */
  readonly moving?: MoveTiming
  /** How often cached results of deleted tenants are looked for; default: as the product has it. */
  readonly sweepCacheEveryMs?: number
  /** Puts something between the API and its database: given the real URL, gives the one to use. */
  readonly databaseAt?: (url: string) => Promise<string>
  /** Receives the log, line by line. */
  readonly onLog?: (line: Json) => void
}

export interface TestTenant {
  readonly id: string
  readonly slug: string
  /** With the first key of the tenant, whose role is admin. */
  readonly client: ApiClient
  readonly key: string
  /** A client with a new key. */
  withKey(rights: Record<string, unknown>): Promise<{ client: ApiClient; id: string; key: string }>
  /** Makes a knowledge base and gives its id. */
  knowledgeBase(name?: string): Promise<string>
}

export interface TestApi {
  readonly url: string
  readonly database: TestDatabase
  readonly application: Application
  readonly admin: ApiClient
  readonly anonymous: ApiClient
  tenant(fields?: Record<string, unknown>): Promise<TestTenant>
  /** A client with this key. */
  as(key: string): ApiClient
  /** Also drops the database. Called by itself when the tests of the file are over. */
  stop(): Promise<void>
}

/** The API on a free port, on a database and with collections of its own, with a worker in the same process. */
export async function startApi(options: ApiOptions = {}): Promise<TestApi> {
  const database = options.on?.database ?? (await (await postgres()).createDatabase())
  const application = await build(database, options)
  if (options.worker ?? true) application.webhooks.start()
  const worker = (options.worker ?? true) ? startWorker(buildIngestion(application), 2, options.moving) : null
  const server = createServer(createApp(application))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let stopped: Promise<void> | undefined
  const stop = () =>
    (stopped ??= (async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await worker?.stop(5000)
      if (!options.on) await deleteCollections(application)
      await application.close()
      if (!options.on) await database.drop()
    })())
  onEndOfFile(stop)
  const admin = new ApiClient(url, { 'x-admin-token': ADMIN_TOKEN })
  return {
    url,
    database,
    application,
    admin,
    anonymous: new ApiClient(url),
    tenant: fields => makeTenant(url, admin, fields),
    as: key => withKey(url, key),
    stop,
  }
}

async function build(database: TestDatabase, options: ApiOptions): Promise<Application> {
  const parsed = parseConfiguration({
    ENVIRONMENT: 'test',
    DATABASE_URL: (await options.databaseAt?.(database.url)) ?? database.url,
    DB_POOL_SIZE: '5',
    DB_MAX_OVERFLOW: '10',
    ...(options.environment?.['VECTOR_ENGINE'] === 'pgvector' ? {} : await qdrantVariables()),
    QDRANT_COLLECTION_PREFIX: options.on?.collectionPrefix ?? `test-${randomBytes(4).toString('hex')}`,
    ADMIN_TOKEN,
    EMBEDDING_PROVIDER: options.embedding ?? 'none',
    RATE_LIMIT_PER_MINUTE: '1000000',
    ...options.environment,
  })
  if (!parsed.ok) throw new Error(parsed.faults.join('\n'))
  const embedding: EmbedderResult =
    options.embedding === 'local'
      ? { embedder: sharedEmbedder(await localEmbedder()) }
      : { embedder: null, reason: 'a test without a model' }
  const level = options.onLog ? 'debug' : 'silent'
  const log = pino(logOptions('selfrag.test', level), { write: line => options.onLog?.(JSON.parse(line)) })
  return buildApplication({
    configuration: parsed.configuration,
    embedding,
    name: 'selfrag-test',
    version: productVersion,
    log,
    now: options.now ?? (() => new Date()),
    works: options.worker ?? true,
    ...(options.sweepCacheEveryMs !== undefined && { sweepCacheEveryMs: options.sweepCacheEveryMs }),
  })
}

async function qdrantVariables() {
  const { url, apiKey } = await qdrant()
  return { QDRANT_URL: url, QDRANT_API_KEY: apiKey }
}

/** The application closes its embedder; the run's one is for all suites. */
function sharedEmbedder<T extends Awaited<ReturnType<typeof localEmbedder>>>(embedder: T) {
  return {
    provider: embedder.provider,
    model: embedder.model,
    dimension: embedder.dimension,
    maxInputCharacters: embedder.maxInputCharacters,
    inputTokens: embedder.inputTokens,
    embed: embedder.embed.bind(embedder),
    close: async () => {},
  }
}

async function deleteCollections({ stores, configuration }: Application): Promise<void> {
  const { collections } = stores.vectors
  try {
    for (const name of await collections.list(configuration.QDRANT_COLLECTION_PREFIX)) await collections.delete(name)
  } catch {
    // The test took the store away; what is left ends with it.
  }
}

function withKey(url: string, key: string): ApiClient {
  return new ApiClient(url, { authorization: `Bearer ${key}` })
}

async function makeTenant(url: string, admin: ApiClient, fields: Record<string, unknown> = {}): Promise<TestTenant> {
  const { id, slug, api_key } = ok(await admin.post('/admin/tenants', { name: `t-${randomBytes(4).toString('hex')}`, ...fields })) // prettier-ignore
  const client = withKey(url, api_key.key)
  return {
    id,
    slug,
    client,
    key: api_key.key,
    async withKey(rights) {
      const minted = ok(await client.post('/v1/api-keys', { name: 'test', ...rights }))
      return { client: withKey(url, minted.key), id: minted.id, key: minted.key }
    },
    async knowledgeBase(name = `kb-${randomBytes(4).toString('hex')}`) {
      return ok(await client.post('/v1/knowledge-bases', { name })).id
    },
  }
}

/** The body of a success. */
export function ok(answer: Answer): Json {
  if (answer.status >= 300) throw new Error(`expected a success, got ${answer.status}: ${answer.text}`)
  return answer.body
}

/** Waits until a document is `ready` and gives it; a failed one ends the test with its error. */
export async function untilReady(client: ApiClient, documentId: string): Promise<Json> {
  return eventually(async () => {
    const document = ok(await client.get(`/v1/documents/${documentId}`))
    if (document.status === 'failed') throw new Error(`document failed: ${JSON.stringify(document.error)}`)
    if (document.status !== 'ready') throw new Error(`document is ${document.status}`)
    return document
  }, 15_000)
}
