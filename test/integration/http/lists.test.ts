import { expect } from 'chai'
import fc from 'fast-check'
import { before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../../support/api.ts'
import type { ApiClient, Json } from '../../support/api-client.ts'
import { orSkip } from '../../support/missing-part.ts'

interface List {
  readonly path: string
  readonly client: ApiClient
  /** Adds one, and gives its id; absent: the list does not grow while it is read. */
  readonly add?: () => Promise<string>
  readonly remove?: (id: string) => Promise<unknown>
  /** What all this is done with. */
  readonly spare?: string
}

const at = (path: string, query: Record<string, string | number>) =>
  `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])).toString()}` // prettier-ignore

const ids = ({ items }: Json) => (items as { id: string | number }[]).map(({ id }) => String(id))

/** Ids in the order in which a walk by cursors meets them; `between` is called before each page but the first. */
async function walk(
  { client, path }: List,
  pageSize: number,
  between: (seen: readonly string[], step: number) => Promise<void> = async () => undefined,
): Promise<string[]> {
  const seen: string[] = []
  let cursor: string | null = null
  for (let step = 0; step === 0 || cursor !== null; step++) {
    if (cursor !== null) await between(seen, step)
    const answer: Json = ok(await client.get(at(path, { page_size: pageSize, ...(cursor !== null && { cursor }) })))
    seen.push(...ids(answer))
    expect(answer.page).to.equal(step + 1)
    expect(answer.items.length, 'every page but the last is full').to.satisfy((length: number) => answer.next_cursor === null || length === pageSize) // prettier-ignore
    cursor = answer.next_cursor
  }
  return seen
}

describe('lists', function () {
  this.timeout(60_000)
  let api: TestApi
  let tenant: TestTenant
  const lists: Record<string, List> = {}

  before(async function () {
    api = await orSkip(this, startApi())
    tenant = await api.tenant({ quotas: { knowledge_bases: -1, documents: -1 } })
    const { client } = tenant
    const kb = ok(await client.post('/v1/knowledge-bases', { name: 'home', chunking: { chunk_size: 64, chunk_overlap: 0 } })).id // prettier-ignore
    const content = Array.from({ length: 200 }, (_, n) => `Sentence number ${n} is here.`).join(' ')
    const long = ok(await client.post(`/v1/knowledge-bases/${kb}/documents`, { content })).document_id
    await untilReady(client, long)
    const ownKey = ok(await client.get('/v1/api-keys')).items[0].id
    let next = 0
    const batch = { documents: Array.from({ length: 12 }, () => ({ content: `Text ${next++}.` })) }
    // Made in one transaction, at the same time to the microsecond.
    ok(await client.post(`/v1/knowledge-bases/${kb}/documents/batch`, batch))
    const webhook = { url: 'https://127.0.0.1:9/', events: ['document.failed'] }
    const hook = ok(await client.post('/v1/webhooks', webhook)).id
    const gone = (path: string) => (id: string) => client.delete(`${path}/${id}`)
    const add = (path: string, body: () => object) => async () => ok(await client.post(path, body())).id as string
    Object.assign(lists, {
      documents: {
        client,
        path: `/v1/knowledge-bases/${kb}/documents`,
        add: async () => ok(await client.post(`/v1/knowledge-bases/${kb}/documents`, { content: `Text ${next++}.` })).document_id, // prettier-ignore
        remove: gone('/v1/documents'),
        spare: long,
      },
      'knowledge bases': { client, path: '/v1/knowledge-bases', add: add('/v1/knowledge-bases', () => ({ name: `${Math.random()}` })), remove: gone('/v1/knowledge-bases'), spare: kb }, // prettier-ignore
      'API keys': { client, path: '/v1/api-keys', add: add('/v1/api-keys', () => ({ name: 'x', role: 'read' })), remove: gone('/v1/api-keys'), spare: ownKey }, // prettier-ignore
      webhooks: {
        client,
        path: '/v1/webhooks',
        add: add('/v1/webhooks', () => webhook),
        remove: gone('/v1/webhooks'),
        spare: hook,
      },
      deliveries: { client, path: `/v1/webhooks/${hook}/deliveries`, add: add(`/v1/webhooks/${hook}/test`, () => ({})) }, // prettier-ignore
      chunks: { client, path: `/v1/documents/${long}/chunks` },
      'keys of a tenant': { client: api.admin, path: `/admin/tenants/${tenant.id}/api-keys`, add: add('/v1/api-keys', () => ({ name: 'x', role: 'read' })) }, // prettier-ignore
      tenants: { client: api.admin, path: '/admin/tenants', add: async () => (await api.tenant()).id, remove: (id: string) => api.admin.delete(`/admin/tenants/${id}`), spare: tenant.id }, // prettier-ignore
      'audit logs': { client: api.admin, path: `/admin/audit-logs?tenant_id=${tenant.id}`, add: async () => tenant.knowledgeBase() }, // prettier-ignore
    } satisfies Record<string, List>)
  })

  const names = ['documents', 'knowledge bases', 'API keys', 'webhooks', 'deliveries', 'chunks', 'keys of a tenant', 'tenants', 'audit logs'] // prettier-ignore
  for (const name of names) {
    it(`of ${name} give by cursors what they give by pages, and each that stays once while others come and go`, async () => {
      const list = lists[name]!
      for (let n = 0; n < 5; n++) await list.add?.()
      const { client, path } = list
      const first = ok(await client.get(at(path, { page_size: 3 })))
      const second = ok(await client.get(at(path, { page_size: 3, page: 2 })))
      const byCursor = ok(await client.get(at(path, { page_size: 3, cursor: first.next_cursor })))
      expect(ids(byCursor)).to.deep.equal(ids(second))
      expect(byCursor).to.include({ page: 2, page_size: 3, total: second.total, pages: second.pages })
      const known = await walk(list, 100)
      expect(known.length).to.be.above(4)
      const removed: string[] = []
      const seen = await walk(list, 2, async (met, step) => {
        if (step > 3) return
        await list.add?.()
        // The very item that the cursor stands on, too.
        const victim = step === 1 ? met.at(-1) : known.find(id => !met.includes(id) && !removed.includes(id))
        if (!list.remove || victim === undefined || victim === list.spare) return
        removed.push(victim)
        await list.remove(victim)
      })
      expect(new Set(seen).size, 'none twice').to.equal(seen.length)
      const kept = known.filter(id => !removed.includes(id))
      expect(seen).to.include.members(kept)
      expect(seen.filter(id => kept.includes(id)), 'in the same order').to.deep.equal(kept) // prettier-ignore
    })
  }

  it('hold this over any sizes of pages, additions and deletions', async () => {
    const list = lists['documents']!
    const action = fc.constantFrom('add', 'remove the last met', 'remove one to come', 'nothing')
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.array(action, { maxLength: 8 }),
        async (pageSize, actions) => {
          for (let n = 0; n < 5; n++) await list.add!()
          const known = await walk(list, 100)
          const removed = new Set<string>()
          const seen = await walk(list, pageSize, async (met, step) => {
            const what = actions[step - 1] ?? 'nothing'
            if (what === 'add') await list.add!()
            const victim = what === 'remove the last met' ? met.at(-1) : known.find(id => !met.includes(id) && !removed.has(id)) // prettier-ignore
            if (!what.startsWith('remove') || victim === undefined || victim === list.spare) return
            removed.add(victim)
            await list.remove!(victim)
          })
          expect(new Set(seen).size).to.equal(seen.length)
          const kept = known.filter(id => !removed.has(id))
          expect(seen.filter(id => kept.includes(id))).to.deep.equal(kept)
        },
      ),
      { numRuns: 15, seed: 20_261_124, endOnFailure: true },
    )
  })

  it('refuse a cursor of another list, a broken one, and one beside a page', async () => {
    const { client, path } = lists['documents']!
    const other: string = ok(await client.get(at('/v1/api-keys', { page_size: 1 }))).next_cursor
    const own: string = ok(await client.get(at(path, { page_size: 1 }))).next_cursor
    const made = (...values: unknown[]) => Buffer.from(JSON.stringify(values)).toString('base64url')
    const id = '00000000-0000-4000-8000-000000000000'
    const wrong = [
      other,
      'nonsense',
      own.slice(0, -3),
      made('documents', 2),
      made('documents', 2, '2026-11-24', id),
      made('documents', 2, '99999999999999999999', id),
      made('documents', 2, '1', `${id}'`),
      made('documents', '2', '1', id),
      made('documents', 2, 1, id),
      made('documents', 2, '1', id, id),
    ]
    for (const cursor of wrong) {
      const { status, body } = await client.get(at(path, { cursor }))
      expect([status, body.code], cursor).to.deep.equal([400, 'VALIDATION_ERROR'])
      expect(body.detail).to.match(/^cursor: /)
    }
    expect((await client.get(at(path, { cursor: own, page: 2 }))).body.detail).to.match(/^page: /)
    ok(await client.get(at(path, { cursor: made('documents', 2, '0', id) })))
  })
})
