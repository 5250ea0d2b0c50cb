import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiClient } from '../../support/api-client.ts'
import { bareEnvironment } from '../../support/bare-environment.ts'
import { startServer } from '../../support/child-process.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/free-port.ts'
import { modelsDir } from '../../support/models.ts'
import { startModelServer } from '../../support/model-server.ts'
import { qdrant } from '../../support/qdrant.ts'
import { onTeardown } from '../../support/teardown.ts'
import type { BenchOptions } from './options.ts'
import { postgresWithVectors } from '../../support/postgres-with-vectors.ts'

export const ADMIN_TOKEN = 'admin-token-of-the-bench'
const DIMENSION = 384
const root = join(import.meta.dirname, '../../..')

/** The product as it runs: its two programs, each a process of its own, and their stores. */
export interface Stack {
  readonly url: string
  readonly admin: ApiClient
  /** All that both programs know of the world. */
  readonly environment: Readonly<Record<string, string>>
  /** Ends the API before the rest. */
  stopApi(): Promise<void>
}

/**
 * Embeddings come from a server with OpenAI's protocol in this process: what is measured is the product, and no model. They
 * are bags of words, so that texts which share words are near each other.
 */
export async function startStack(
  { engine }: Pick<BenchOptions, 'engine'>,
  profileFolder: string | null,
  embedding: 'server' | 'local' = 'server',
): Promise<Stack> {
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
  }
  const profiling = profileFolder ? ['--cpu-prof', '--cpu-prof-dir', profileFolder] : []
  const api = await start('api/main.ts', { ...environment, PORT: String(port) }, profiling)
  await start('api/worker.ts', { ...environment, PORT: String(await freePort()) })
  const url = `http://127.0.0.1:${port}`
  await eventually(async () => {
    const response = await fetch(`${url}/ready`)
    if (!response.ok) throw new Error(`not ready: ${await response.text()}\n${api.log()}`)
  }, 60_000)
  return { url, admin: new ApiClient(url, { 'x-admin-token': ADMIN_TOKEN }), environment, stopApi: () => api.stop() }
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
  const env = { ...bareEnvironment, NODE_ENV: 'production', HOME: process.env['HOME'], ...environment }
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-bench-'))
  const server = startServer(process.execPath, [...flags, join(root, program)], join(folder, 'log'), { env })
  onTeardown(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return server
}
