import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { levelOf } from '../../api/stores/postgres/schema-state.ts'
import { controlMigrations } from '../../api/stores/postgres/migrations/control/index.ts'
import { tenantMigrations } from '../../api/stores/postgres/migrations/tenant/index.ts'
import { writeSchemaLevel } from '../../api/stores/postgres/schema-level.ts'
import { inTenant, TenantScope } from '../../api/stores/postgres/tenant-scope.ts'
import { findTenantBySlug } from '../../api/stores/postgres/tenants.ts'
import { ok, startApi, type TestApi, type TestTenant, untilReady } from '../support/api.ts'

/** While a roll-out lasts, pods of the release before serve a database that the next one has migrated. */
describe('an older version on a database that a newer one has migrated', function () {
  this.timeout(60_000)
  let api: TestApi
  let tenant: TestTenant
  let knowledgeBase: string

  before(async () => {
    api = await startApi()
    tenant = await api.tenant()
    knowledgeBase = await tenant.knowledgeBase()
    await index('The pump runs dry.')
  })
  after(() => api.stop())

  it('serves, reads and writes on, says so in /ready, and so it does when the newer one is taken back', async () => {
    const { database } = api.application.stores
    const [control, own] = [controlMigrations, tenantMigrations].map(list => list.map(({ name }) => name)) as [string[], string[]] // prettier-ignore
    // What the next release does: columns that this one does not know, and its migrations on record.
    await database.raw('ALTER TABLE selfrag.tenants ADD COLUMN colour text')
    const scope = new TenantScope((await findTenantBySlug(database, tenant.slug))!)
    await inTenant(database, scope, ({ sql }) => sql.raw('ALTER TABLE documents ADD COLUMN colour text'))
    await database('migrations').withSchema('selfrag').insert({ name: '999-colour', batch: 99 })
    const next = { known: [...control, '999-colour'], floor: control }
    await writeSchemaLevel(database, { ...levelOf(controlMigrations, tenantMigrations), image: 'next', schemas: { control: next, tenant: { known: own, floor: own } } }) // prettier-ignore

    const ready = await api.anonymous.get('/ready')
    expect(ready.status).to.equal(200)
    expect(ready.body.checks.database.message).to.contain('a release newer (999-colour)')
    await index('The valve leaks.')
    expect(await search('valve')).to.equal('The valve leaks.')
    expect(await search('pump')).to.equal('The pump runs dry.')

    await database.raw('ALTER TABLE selfrag.tenants DROP COLUMN colour')
    await database('migrations').withSchema('selfrag').where({ name: '999-colour' }).delete()
    expect((await api.anonymous.get('/ready')).body.checks.database.message).to.equal('connected')
    expect(await search('valve')).to.equal('The valve leaks.')
  })

  async function index(content: string): Promise<void> {
    const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${knowledgeBase}/documents`, { title: 'T', content })) // prettier-ignore
    await untilReady(tenant.client, document_id)
  }

  async function search(query: string): Promise<string> {
    const { results } = ok(await tenant.client.post('/v1/retrieve', { query, knowledge_base_ids: [knowledgeBase] }))
    return results[0].text
  }
})
