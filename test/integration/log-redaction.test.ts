import { expect } from 'chai'
import { Redis } from 'ioredis'
import { after, before, beforeEach, describe, it } from 'mocha'
import type { Route } from '../../api/http/route.ts'
import { routes } from '../../api/http/routes/index.ts'
import { ADMIN_TOKEN, type TestApi, type TestTenant, ok, startApi, untilReady } from '../support/api.ts'
import { type Answer, ApiClient, type Json } from '../support/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { qdrant } from '../support/qdrant.ts'
import { separateRedis } from '../support/redis.ts'
import { type ScriptedProxy, scriptedProxy } from '../support/scripted-proxy.ts'
import { type TcpGate, tcpGate } from '../support/tcp-gate.ts'

/** Longer than anything that an error repeats, and nowhere else. */
const text = (of: string) => `the ${of} that nobody but its tenant may read, 7f3c9a51e2`
const texts = {
  content: text('content'),
  title: text('title'),
  query: text('query'),
  prompt: text('prompt'),
  metadata: text('metadata'),
}
const password = {
  redis: 'redis-password-d41d8cd98f',
  url: 'url-password-9e107d9d37',
  guess: 'guessed-admin-token-e4d909c290',
  model: 'sk-model-key-2fd4e1c67a2d28fc',
}

/** A good body for each route that takes one. */
const bodies: Readonly<Record<string, Json>> = {
  retrieve: { query: texts.query, metadata_filter: { note: { eq: texts.metadata } }, include_trace: true },
  answer: { query: texts.query },
  createChatCompletion: { model: 'scripted', messages: [{ role: 'system', content: texts.prompt }, { role: 'user', content: texts.query }] }, // prettier-ignore
  createEmbeddings: { model: 'any', input: [texts.query] },
  mcp: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'search', arguments: { query: texts.query } } },
  createKnowledgeBase: { name: 'new', description: texts.title, answering: { prompt: texts.prompt } },
  updateKnowledgeBase: { description: texts.title, answering: { prompt: texts.prompt } },
  createDocument: { title: texts.title, content: texts.content, metadata: { note: texts.metadata } },
  createDocuments: { documents: [{ title: texts.title, content: `${texts.content} again` }, { content: '' }] },
  fetchDocument: { url: `https://somebody:${password.url}@example.com/`, title: texts.title },
  createWebhook: { url: `https://somebody:${password.url}@example.com/`, events: ['document.ready'] },
  createApiKey: { name: 'new', role: 'read' },
  createTenantKey: { name: 'new', role: 'read' },
  createTenant: { name: 'New' },
  moveTenant: { isolation: 'Auto' },
  replaceSystemConfig: {},
}

/** Values of fields, by their place: wherever one is, a text of somebody's is put instead. */
function misplaced(body: Json): Json[] {
  const wrong = Object.keys(body ?? {}).map(field => ({ ...body, [field]: { [field]: texts.content } }))
  return [...wrong, { ...body, unknown_field: texts.content }, [texts.content], texts.content]
}

/**
 * Calls every route that there is, with what it takes and with what it does not, by callers who may and by callers who may not,
 * while all is well and while each of the things behind it fails and says aloud what it was sent. Nothing of it may be in the log, at its
 * most talkative, and no secret in an error.
 */
describe('the log and the errors of every route', function () {
  this.timeout(180_000)
  const lines: string[] = []
  const errors: string[] = []
  const secrets = new Set<string>(Object.values(password))
  let api: TestApi
  let tenant: TestTenant
  let model: ModelServer
  let proxy: ScriptedProxy
  let gates: Readonly<Record<'database' | 'redis', TcpGate>>
  let ids: Readonly<Record<string, string>>
  let round = 0

  before(async function () {
    const redis = await orSkip(this, separateRedis())
    await withPassword(redis.url)
    model = await startModelServer()
    proxy = await scriptedProxy((await orSkip(this, qdrant())).url)
    const redisGate = await tcpGate(redis.url)
    const redisUrl = new URL(redisGate.url)
    redisUrl.password = password.redis
    let database: TcpGate | undefined
    const environment = {
      QDRANT_URL: proxy.url,
      QDRANT_API_KEY: 'qdrant-key-c3fcd3d76192e400',
      REDIS_URL: redisUrl.href,
      RATE_LIMIT_STORAGE: 'redis',
      ENABLE_LLM_CACHE: 'true',
      ENABLE_RETRIEVAL_CACHE: 'true',
      LLM_PROVIDER: 'openai',
      LLM_MODEL: 'scripted',
      OPENAI_BASE_URL: model.openAiUrl,
      OPENAI_API_KEY: password.model,
      FETCH_ALLOWED_HOSTS: '127.0.0.1',
    }
    const databaseAt = async (url: string) => (database = await tcpGate(url)).url
    api = await orSkip(this, startApi({ embedding: 'local', environment, databaseAt, onLog: line => lines.push(JSON.stringify(line)) })) // prettier-ignore
    gates = { database: database!, redis: redisGate }
    secrets.add(ADMIN_TOKEN).add('qdrant-key-c3fcd3d76192e400').add(new URL(api.database.url).password)
    tenant = await api.tenant({ quotas: { knowledge_bases: -1, documents: -1 } })
    secrets.add(tenant.key)
  })

  beforeEach(async () => {
    ids = await fill()
  })
  after(async () => {
    await model?.close()
    await proxy?.stop()
  })

  async function fill(): Promise<Record<string, string>> {
    const { client } = tenant
    const knowledgeBase = await tenant.knowledgeBase()
    const path = `/v1/knowledge-bases/${knowledgeBase}/documents`
    const document = ok(await client.post(path, { ...bodies['createDocument'], content: `${texts.content} ${++round}` })).document_id // prettier-ignore
    await untilReady(client, document)
    const webhook = ok(await client.post('/v1/webhooks', { url: 'https://127.0.0.1:9/', events: ['document.ready'] }))
    secrets.add(webhook.secret)
    const { id: key, key: secret } = await tenant.withKey({ role: 'read' })
    secrets.add(secret)
    const other = await api.tenant()
    secrets.add(other.key)
    return { 'knowledge-bases': knowledgeBase, documents: document, webhooks: webhook.id, 'api-keys': key, tenants: other.id, models: 'scripted' } // prettier-ignore
  }

  const address = ({ path }: Route, id = ids[path.split('/')[2] ?? ''] ?? '') => path.replace('{id}', id)

  /** With every way of saying who one is, right and wrong. */
  function callers(): ApiClient[] {
    const { key } = tenant
    const as = (headers: Record<string, string>) => new ApiClient(api.url, headers)
    return [
      as({ authorization: `Bearer ${key}`, 'x-admin-token': ADMIN_TOKEN }),
      as({ authorization: key, 'x-api-key': key, 'api-key': key, 'x-admin-token': password.guess }),
      as({ authorization: `Bearer ${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`, cookie: `key=${key}` }),
      as({ authorization: `Bearer ${ADMIN_TOKEN}`, 'x-admin-token': key }),
    ]
  }

  async function callEverything(which: readonly Route[] = routes): Promise<void> {
    const [right, ...wrong] = callers() as [ApiClient, ...ApiClient[]]
    // What is deleted is of no more use to the others.
    const inOrder = which.toSorted((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'))
    for (const route of inOrder) {
      const body = bodies[route.operationId]
      const method = route.method.toUpperCase()
      const send = async (caller: ApiClient, path: string, options: Parameters<ApiClient['send']>[2] = {}) =>
        note(await caller.send(method, path, options))
      const path = address(route)
      if (route.form)
        note(await right.upload(path, { name: 'notes.txt', content: texts.content }, { title: texts.title, metadata: texts.metadata })) // prettier-ignore
      else await send(right, path, body === undefined ? {} : { body })
      for (const caller of wrong) await send(caller, path, body === undefined ? {} : { body })
      if (route.params) await send(right, address(route, tenant.key))
      await send(right, `${path}?page=${tenant.key}&query=${encodeURIComponent(texts.query)}`)
      if (!route.body) continue
      for (const wrongBody of misplaced(body)) await send(right, path, { body: wrongBody })
      const headers = { 'content-type': 'application/json', 'idempotency-key': tenant.key }
      await send(right, path, { raw: `{"content": "${texts.content}`, headers })
      await send(right, path, { raw: JSON.stringify(body), headers: { 'content-type': texts.content } })
    }
  }

  function note(answer: Answer): void {
    // Keys that are shown once are secrets from then on.
    for (const made of [answer.body?.key, answer.body?.api_key?.key, answer.body?.secret]) if (made) secrets.add(made)
    if (answer.status >= 400) errors.push(answer.text)
  }

  function expectNothing(): void {
    expect(lines.length).to.be.above(100)
    expect(errors.length).to.be.above(100)
    const found = new Set<string>()
    for (const line of lines) for (const word of [...secrets, ...Object.values(texts)]) if (line.includes(word)) found.add(`log: ${word} in ${line.slice(0, 1500)}`) // prettier-ignore
    for (const error of errors) for (const word of secrets) if (error.includes(word)) found.add(`error: ${word} in ${error.slice(0, 500)}`) // prettier-ignore
    const first = [...found].slice(0, 6).join('\n\n')
    lines.length = 0
    errors.length = 0
    expect(found.size, first).to.equal(0)
  }

  it('repeat nothing while all is well', async () => {
    await callEverything()
    expectNothing()
  })

  const asking = ['retrieve', 'answer', 'createChatCompletion', 'mcp', 'createDocument', 'createDocuments', 'ready']
  const some = routes.filter(({ operationId }) => asking.includes(operationId))

  it('repeat nothing of what a model was told and says again', async () => {
    const body = { error: { message: `Incorrect API key ${password.model}: ${texts.prompt} ${texts.query} ${texts.content}` } } // prettier-ignore
    for (const status of [400, 401, 404, 500]) {
      model.misbehave(...Array.from({ length: 30 }, () => ({ kind: 'status', status, body }) as const))
      await callEverything(some)
      model.reset()
    }
    expectNothing()
  })

  it('repeat nothing of what the vector store was told and says again', async () => {
    for (const status of [400, 403, 500]) {
      proxy.script = () => ({ status, repeats: true })
      await callEverything(some)
    }
    proxy.script = () => 'pass'
    expectNothing()
  })

  it('repeat nothing when the database or Redis goes away', async () => {
    for (const gate of Object.values(gates)) {
      await gate.close()
      await callEverything(some)
      await gate.open()
      await eventually(async () => ok(await tenant.client.get('/v1/knowledge-bases')), 20_000)
    }
    expectNothing()
  })
})

async function withPassword(url: string): Promise<void> {
  const redis = new Redis(url)
  await redis.config('SET', 'requirepass', password.redis)
  redis.disconnect()
}
