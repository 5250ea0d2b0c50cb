import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiClient } from '../../support/api-client.ts'
import { bareEnvironment } from '../../support/bare-environment.ts'
import { type ServerProcess, startServer } from '../../support/child-process.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/free-port.ts'
import { modelsDir } from '../../support/models.ts'
import { startModelServer } from '../../support/model-server.ts'
import { qdrant } from '../../support/qdrant.ts'
import { onTeardown } from '../../support/teardown.ts'
import { postgresWithVectors } from '../../support/postgres-with-vectors.ts'
import { built as builtFolder } from '../build-product.ts'
import { nodeOfImage } from '../image.ts'
import type { BenchOptions } from './options.ts'

export const ADMIN_TOKEN = 'admin-token-of-the-bench'
const DIMENSION = 384
const root = join(import.meta.dirname, '../../..')

/** The product as it runs: its two programs, each a process of its own, and their stores. */
export interface Stack {
  readonly url: string
  readonly admin: ApiClient
  /** All that both programs know of the world. */
  readonly environment: Readonly<Record<string, string>>
  readonly api: ServerProcess
  readonly worker: ServerProcess
  /** When the API's process was started, on the clock of `performance`. */
  readonly startedAt: number
  /** One more API on the same stores, with an empty memory. @param changes of its environment */
  startApi(changes?: Readonly<Record<string, string>>): Promise<{ readonly url: string; readonly api: ServerProcess }>
}

export interface StackOptions {
  readonly engine: BenchOptions['engine']
  /** `server`: from a server with OpenAI's protocol, see below; `local`: the model in each of the two processes. */
  readonly embedding?: 'server' | 'local'
  /** Runs what {@link buildProduct} has built, as images do; else the sources. */
  readonly built?: boolean
  /** Where the API is to leave a profile when it ends. */
  readonly profileFolder?: string | null
  /** Over what both programs get. */
  readonly environment?: Readonly<Record<string, string>>
}

/**
 * Embeddings come from a server with OpenAI's protocol in this process: what is measured is the product, and no model. They
 * are bags of words, so that texts which share words are near each other.
 */
export async function startStack({
  engine,
  embedding = 'server',
  built = false,
  profileFolder = null,
  environment: changes = {},
}: StackOptions): Promise<Stack> {
  const models = await startModelServer({ dimension: DIMENSION })
  onTeardown(() => models.close())
  const port = await freePort()
  const database = await postgresWithVectors()
  const vectors = engine === 'qdrant' ? await qdrant() : null
  const environment: Record<string, string> = {
    ENVIRONMENT: 'test',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
    DATABASE_URL: database,
    ...(vectors ? { QDRANT_URL: vectors.url, QDRANT_API_KEY: vectors.apiKey ?? '' } : { VECTOR_ENGINE: 'pgvector' }),
    QDRANT_COLLECTION_PREFIX: `bench-${port}`,
    ADMIN_TOKEN,
    ...(embedding === 'local' ? localEmbedding() : servedEmbedding(models.openAiUrl)),
    EMBEDDING_CACHE_TTL: '86400',
    ...changes,
  }
  const profiling = profileFolder ? ['--cpu-prof', '--cpu-prof-dir', profileFolder] : []
  const program = (name: string) => (built ? join(builtFolder, `api/${name}.js`) : join(root, `api/${name}.ts`))
  const startApi = async (
    onPort: number,
    flags: readonly string[] = [],
    more: Readonly<Record<string, string>> = {},
  ) => {
    const api = await start(program('main'), { ...environment, ...more, PORT: String(onPort) }, flags)
    return { api, url: `http://127.0.0.1:${onPort}` }
  }
  const startedAt = performance.now()
  const { api, url } = await startApi(port, profiling)
  const worker = await start(program('worker'), { ...environment, PORT: String(await freePort()) })
  await untilAnswered(api, url)
  return {
    url,
    admin: new ApiClient(url, { 'x-admin-token': ADMIN_TOKEN }),
    environment,
    api,
    worker,
    startedAt,
    async startApi(more) {
      const another = await startApi(await freePort(), [], more)
      await untilAnswered(another.api, another.url)
      return another
    },
  }
}

async function untilAnswered(api: ServerProcess, url: string): Promise<void> {
  await eventually(async () => {
    const response = await fetch(`${url}/ready`)
    if (!response.ok) throw new Error(`not ready: ${await response.text()}\n${api.log()}`)
  }, 60_000)
}

function servedEmbedding(url: string) {
  return {
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_MODEL: 'bag-of-words',
    EMBEDDING_DIM: String(DIMENSION),
    OPENAI_BASE_URL: url,
    OPENAI_API_KEY: 'none',
  }
}

function localEmbedding() {
  const folder = modelsDir()
  return { EMBEDDING_PROVIDER: 'local', ...(folder && { MODELS_DIR: folder }) }
}

async function start(program: string, environment: Readonly<Record<string, string>>, flags: readonly string[] = []) {
  const image = nodeOfImage('Dockerfile.api')
  const env = { ...bareEnvironment, ...image.environment, HOME: process.env['HOME'], ...environment }
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-bench-'))
  const server = startServer(process.execPath, [...image.flags, ...flags, program], join(folder, 'log'), { env })
  onTeardown(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return server
}
