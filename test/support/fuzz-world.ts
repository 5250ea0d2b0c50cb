import { type TestApi, ADMIN_TOKEN, ok, untilReady } from './api.ts'
import type { Fuzzing } from './schemathesis.ts'

/** So many of each, as the fuzzer deletes them. */
const EACH = 6

/** A tenant with something of everything, for a fuzzer that knows all its secrets. */
export async function makeFuzzWorld(api: TestApi): Promise<Pick<Fuzzing, 'apiKey' | 'adminToken' | 'ids' | 'url'>> {
  const unlimited = { knowledge_bases: -1, documents: -1, storage_mb: -1, requests_per_minute: -1 }
  const tenant = await api.tenant({ quotas: unlimited })
  const times = <T>(make: (n: number) => Promise<T>) => Promise.all(Array.from({ length: EACH }, (_, n) => make(n)))
  const { client } = tenant
  const home = await tenant.knowledgeBase('home')
  const knowledgeBases = await times(() => tenant.knowledgeBase())
  const documents = await times(async n => {
    const body = { content: `Keys are valid for ${n} days.`, external_id: String(n) }
    return ok(await client.post(`/v1/knowledge-bases/${home}/documents`, body)).document_id as string
  })
  for (const id of documents) await untilReady(client, id)
  const webhook = { url: 'https://127.0.0.1:9/', events: ['document.ready'] }
  const webhooks = await times(async () => ok(await client.post('/v1/webhooks', webhook)).id as string)
  const keys = await times(async () => (await tenant.withKey({ role: 'read' })).id)
  const { id: ownKey, key: apiKey } = await tenant.withKey({ role: 'admin', rate_limit_per_minute: 1_000_000 })
  const tenants: string[] = []
  for (let n = 0; n < 3; n++) tenants.push((await api.tenant()).id)
  // What is declared cannot be changed over HTTP: the fuzzer is not to cut off the branch that it sits on.
  const { database } = api.application.stores
  await database('selfrag.api_keys').where({ id: ownKey }).update({ managed_by: 'resource' })
  await database('selfrag.tenants').where({ id: tenant.id }).update({ managed_by: 'resource' })
  return {
    url: api.url,
    apiKey,
    adminToken: ADMIN_TOKEN,
    ids: {
      '/v1/knowledge-bases': [...knowledgeBases, home],
      '/v1/documents': documents,
      '/v1/webhooks': webhooks,
      '/v1/api-keys': keys,
      '/admin/tenants': tenants,
    },
  }
}
