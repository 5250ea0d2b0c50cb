import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../support/free-port.ts'
import { modelsDir } from '../../support/models.ts'
import { type Send, apiClient } from './api-client.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface OpenApi {
  /** With a key that may make knowledge bases. */
  readonly send: Send
  close(): Promise<void>
}

const root = join(import.meta.dirname, '../../..')

/** No tenant: the evaluation makes its own. `npm start` puts its embedded stores in the place of these servers. */
const PIPELINE = `apiVersion: selfrag.io/v1alpha1
kind: RagPipeline
metadata: { name: eval }
spec:
  postgres: { urlSecretRef: { name: embedded } }
  vectors: { engine: pgvector }
  models: { embedding: { provider: local, model: bge-small-en-v1.5, dimension: 384 } }
`

/** The API that SELFRAG_URL names, or one of our own that is gone when it is closed. */
export async function openApi(env: Environment, say: (line: string) => void): Promise<OpenApi> {
  const url = env['SELFRAG_URL']
  const key = env['SELFRAG_API_KEY']
  if (url && key) return { send: apiClient(url, bearer(key)), close: async () => {} }
  if (url) {
    const token = env['SELFRAG_ADMIN_TOKEN']
    if (!token) throw new Error('SELFRAG_URL needs SELFRAG_API_KEY or SELFRAG_ADMIN_TOKEN')
    return withTenant(url, token, async () => {})
  }
  const own = await startStandalone(env, say)
  return withTenant(own.url, own.token, own.stop).catch(async (error: unknown) => {
    await own.stop()
    throw error
  })
}

function bearer(key: string) {
  return { authorization: `Bearer ${key}` }
}

/** A tenant that no quota stops and a key that no rate limit does; deleted when the API is closed. */
async function withTenant(url: string, adminToken: string, stop: () => Promise<void>): Promise<OpenApi> {
  const admin = apiClient(url, { 'x-admin-token': adminToken })
  const tenant = await admin<{ id: string }>('POST', '/admin/tenants', {
    slug: `eval-${Date.now().toString(36)}`,
    name: 'Evaluation',
    quotas: { knowledge_bases: -1, documents: -1, storage_mb: -1, requests_per_minute: -1 },
  })
  const { key } = await admin<{ key: string }>('POST', `/admin/tenants/${tenant.id}/api-keys`, {
    name: 'eval',
    role: 'admin',
    rate_limit_per_minute: 1_000_000,
  })
  return {
    send: apiClient(url, bearer(key)),
    close: async () => {
      await admin('DELETE', `/admin/tenants/${tenant.id}`)
      await stop()
    },
  }
}

/** `npm start` with a home of its own and nothing in it. */
async function startStandalone(env: Environment, say: (line: string) => void) {
  const home = await mkdtemp(join(tmpdir(), 'selfrag-eval-'))
  const resources = join(home, 'resources')
  await mkdir(resources)
  await writeFile(join(resources, 'pipeline.yaml'), PIPELINE)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const models = modelsDir()
  const child = spawn(process.execPath, [join(root, 'api/standalone.ts')], {
    cwd: root,
    env: {
      ...env,
      // An absolute path: the child runs in the root folder, we may not.
      ...(models !== undefined && { MODELS_DIR: resolve(models) }),
      PORT: String(port),
      HOST: '127.0.0.1',
      SELFRAG_HOME: join(home, 'home'),
      SELFRAG_RESOURCES: resources,
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => output.push(String(chunk)))
  const ended = once(child, 'exit')
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await ended
    await rm(home, { recursive: true, force: true })
  }
  // An interrupted evaluation must not leave a server behind.
  process.once('exit', () => child.kill('SIGKILL'))
  say('starting an API of its own …')
  for (;;) {
    if (child.exitCode !== null) {
      await stop()
      throw new Error(`the API ended while it started:\n${output.join('')}`)
    }
    if (await isReady(url)) break
    await delay(300)
  }
  return { url, stop, token: (await readFile(join(home, 'home', 'admin-token'), 'utf8')).trim() }
}

/** Not yet listening is not ready; any other failure is one. */
async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/ready`).catch((error: TypeError) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED') return null
    throw error
  })
  return response?.ok ?? false
}
