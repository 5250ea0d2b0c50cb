import type { Route } from '../../api/http/route.ts'
import { type TestApi, type TestTenant, ok, untilReady } from './api.ts'
import type { Answer, ApiClient } from './api-client.ts'
import { pageServer } from './page-server.ts'

/** A tenant with something of everything, and a word that is in all of it and nowhere else. */
export interface World {
  readonly tenantId: string
  readonly marker: string
  readonly client: ApiClient
  /** By role. */
  readonly clients: Readonly<Record<string, ApiClient>>
  readonly knowledgeBaseId: string
  readonly documentIds: readonly string[]
  readonly keyId: string
  /** A page of its own that can be fetched. */
  readonly pageUrl: string
  /** All ids that belong to it; the first is the tenant's own. */
  readonly ids: readonly string[]
  /** An id of the kind that the route's path takes. */
  idFor(route: Route): string
  /** The same, of something new, which may be deleted without harm. */
  fresh(route: Route): Promise<string>
  /** Sends a request to a route with this id, and a body that it takes. */
  call(route: Route, id: string): Promise<Answer>
}

/** @param crowd how many more knowledge bases, documents and keys it has: so many that its numbers show */
export async function makeWorld(
  api: TestApi,
  marker: string,
  { crowd = 0, isolation = 'Shared' }: { crowd?: number; isolation?: 'Shared' | 'Dedicated' } = {},
): Promise<World> {
  const tenant = await api.tenant({ name: `${marker} inc`, isolation, quotas: { knowledge_bases: -1, documents: -1 } })
  const { client } = tenant
  const knowledgeBaseId = await tenant.knowledgeBase(`${marker} base`)
  const read = await tenant.withKey({ name: `${marker} reader`, role: 'read' })
  const write = await tenant.withKey({ name: `${marker} writer`, role: 'write' })
  const documentIds = await addDocuments(tenant, knowledgeBaseId, marker)
  const chunkIds = await Promise.all(documentIds.map(async id => firstChunk(client, id)))
  await addCrowd(tenant, knowledgeBaseId, marker, crowd)
  const pages = await pageServer((_, response) => response.setHeader('content-type', 'text/html').end(`<p>A quarterly report of the ${marker}, on a page</p>`)) // prettier-ignore
  const pageUrl = `${pages}/${marker}`
  const webhook = async () =>
    ok(await client.post('/v1/webhooks', { url: pageUrl, events: ['document.ready'], description: marker })).id
  const webhookId: string = await webhook()
  // A tenant may have few: one that a request has made is as good as a new one.
  const spareWebhook = async (): Promise<string> => {
    const { items } = ok(await client.get('/v1/webhooks')) as { items: { id: string }[] }
    return items.find(({ id }) => id !== webhookId)?.id ?? webhook()
  }
  const path = (id: string) => `/v1/knowledge-bases/${id}/documents`
  const idFor = (route: Route) => {
    if (route.path.includes('documents/{')) return documentIds[0]!
    if (route.path.includes('webhooks')) return webhookId
    return route.path.includes('api-keys') ? read.id : knowledgeBaseId
  }
  return {
    tenantId: tenant.id,
    marker,
    client,
    clients: { admin: client, write: write.client, read: read.client },
    knowledgeBaseId,
    documentIds,
    keyId: read.id,
    pageUrl,
    ids: [tenant.id, knowledgeBaseId, read.id, write.id, webhookId, ...documentIds, ...chunkIds],
    idFor,
    async fresh(route) {
      if (route.path.includes('api-keys')) return (await tenant.withKey({ role: 'read', name: marker })).id
      if (route.path.includes('webhooks')) return route.method === 'delete' ? spareWebhook() : webhookId
      const changes = route.method === 'delete' || route.method === 'patch'
      if (!route.path.includes('documents/{')) return changes ? tenant.knowledgeBase() : knowledgeBaseId
      if (!changes) return documentIds[0]!
      const text = { content: `Passing note ${Math.random()} of the ${marker}` }
      return ok(await client.post(path(knowledgeBaseId), text)).document_id
    },
    call: (route, id) => {
      const address = route.path.replace('{id}', id)
      if (route.form) return client.upload(address, { name: 'a.txt', content: 'text' })
      return client.send(route.method.toUpperCase(), address, route.body ? { body: bodyFor(route) } : {})
    },
  }
}

async function addDocuments(tenant: TestTenant, knowledgeBaseId: string, marker: string): Promise<string[]> {
  const { items } = ok(
    await tenant.client.post(`/v1/knowledge-bases/${knowledgeBaseId}/documents/batch`, {
      documents: ['one', 'two', 'three'].map(word => ({
        title: `${marker} ${word}`,
        content: `The quarterly report ${word} of the ${marker} tells revenue, cost and outlook.`,
        metadata: { year: 2025, owner: marker },
        external_id: word,
      })),
    }),
  )
  const ids = (items as { document_id: string }[]).map(({ document_id }) => document_id)
  for (const id of ids) await untilReady(tenant.client, id)
  return ids
}

async function firstChunk(client: ApiClient, documentId: string): Promise<string> {
  return ok(await client.get(`/v1/documents/${documentId}/chunks`)).items[0].id
}

async function addCrowd(tenant: TestTenant, knowledgeBaseId: string, marker: string, crowd: number): Promise<void> {
  const numbers = Array.from({ length: crowd }, (_, index) => index)
  for (const index of numbers) {
    await tenant.knowledgeBase(`${marker} crowd ${index}`)
    await tenant.withKey({ role: 'read', name: `${marker} crowd ${index}` })
  }
  for (let from = 0; from < crowd; from += 50) {
    const documents = numbers.slice(from, from + 50).map(index => ({ content: `The ${marker} note ${index}.` }))
    ok(await tenant.client.post(`/v1/knowledge-bases/${knowledgeBaseId}/documents/batch`, { documents }))
  }
}

/** The least that a route takes. */
function bodyFor({ operationId }: Route): unknown {
  const bodies: Record<string, unknown> = {
    createDocument: { content: 'text' },
    fetchDocument: { url: 'http://127.0.0.1:1/' },
    createDocuments: { documents: [{ content: 'text' }] },
    createWebhook: { url: 'http://127.0.0.1:1/', events: ['document.ready'] },
  }
  return bodies[operationId] ?? {}
}
