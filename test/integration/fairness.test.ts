import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { pino } from 'pino'
import { CONTROL_SCHEMA, QUEUE_SCHEMA } from '../../api/contract/names.ts'
import { cleanUp } from '../../api/ingestion/clean-up.ts'
import type { AuditRow, JobRow } from '../../api/stores/postgres/rows.ts'
import { inTenant, TenantScope } from '../../api/stores/postgres/tenant-scope.ts'
import { listTenants } from '../../api/stores/postgres/tenants.ts'
import { ok, startApi, type TestApi, type TestTenant } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'

const CROWD = 1000

describe('what all tenants share', function () {
  this.timeout(120_000)
  let api: TestApi

  before(async function () {
    api = await orSkip(this, startApi({ worker: false }))
    await api.tenant()
  })

  const jobs = () => api.application.stores.database<JobRow>('jobs').withSchema(CONTROL_SCHEMA)

  describe('the queue of documents', () => {
    let many: TestTenant
    let one: TestTenant
    let manyDocuments: string
    let oneDocuments: string
    /** Whose documents came, in order. */
    const served: string[] = []

    const add = async (tenant: TestTenant, path: string, contents: readonly string[]) =>
      ok(await tenant.client.post(`${path}/batch`, { documents: contents.map(content => ({ content })) }))
    const numbered = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => `Note ${from + index}`)

    it('lets one document of a tenant pass a thousand of another', async () => {
      many = await api.tenant({ quotas: { documents: -1 } })
      one = await api.tenant()
      manyDocuments = `/v1/knowledge-bases/${await many.knowledgeBase()}/documents`
      oneDocuments = `/v1/knowledge-bases/${await one.knowledgeBase()}/documents`
      for (let from = 0; from < CROWD; from += 50) await add(many, manyDocuments, numbered(from, 50))
      await add(one, oneDocuments, ['Just this one'])
      let next = 0
      await api.application.queue.work(1, async jobId => {
        const [job] = await jobs().where({ id: jobId }).update({ status: 'succeeded' }).returning('*')
        served.push(job!.tenant_id)
        // A tenant that always has just one more must not keep the other one waiting either.
        if (job!.tenant_id === one.id && next < 20) await add(one, oneDocuments, [`One more, number ${next++}`])
      })
      await eventually(async () => expect(served.length).to.be.at.least(100), 60_000)
      const turns = served.slice(0, 60)
      expect(turns.indexOf(one.id), 'the first document of the other tenant').to.be.within(0, 2)
      const ofOne = turns.flatMap((id, turn) => (id === one.id ? [turn] : [])).slice(0, 20)
      expect(ofOne).to.have.length.at.least(15)
      const between = ofOne.slice(1).map((turn, index) => turn - ofOne[index]! - 1)
      expect(Math.max(...between), `turns of the crowd between two of the other: ${between.join()}`).to.be.at.most(3)
      expect(Math.min(...between.slice(1)), `turns of the crowd between two of the other: ${between.join()}`).to.be.at.least(1) // prettier-ignore
    })

    it('keeps a tenant’s own documents in the order in which they came', async () => {
      const { rows } = await api.application.stores.database.raw<{ rows: { priority: number }[] }>(
        `SELECT q.priority FROM ??.job q JOIN ??.jobs j ON j.id = q.id
          WHERE j.tenant_id = ? AND q.state < 'active' ORDER BY j.created_at, q.priority DESC`,
        [QUEUE_SCHEMA, CONTROL_SCHEMA, many.id],
      )
      const priorities = rows.map(({ priority }) => priority)
      expect(priorities).to.deep.equal(priorities.toSorted((a, b) => b - a))
    })
  })

  describe('the audit log', () => {
    const audit = () => api.application.stores.database<AuditRow>('audit_log').withSchema(CONTROL_SCHEMA)
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)
    const parts = () => ({ ...api.application.stores, auditRetentionDays: 90, now: () => new Date(), log: pino({ level: 'silent' }) }) // prettier-ignore
    const old = (count: number, at: Date) =>
      audit().insert(Array.from({ length: count }, () => ({ at, actor_type: 'system', action: 'test-row', outcome: 'success' }) as never)) // prettier-ignore

    it('loses rows that are older than it is kept, in as many statements as it takes, and says how many', async () => {
      await old(6000, daysAgo(91))
      await old(3, daysAgo(89))
      await cleanUp(parts(), new AbortController().signal)
      expect(await audit().where({ action: 'test-row' })).to.have.length(3)
      const [told] = await audit().where({ action: 'clean-audit-log' })
      expect(told).to.deep.include({ actor_type: 'system', outcome: 'success' })
      expect(told?.detail).to.include({ rows: 6000 })
      await cleanUp(parts(), new AbortController().signal)
      expect(await audit().where({ action: 'clean-audit-log' })).to.have.length(1)
    })

    it('is cleaned also while a tenant lacks a table', async () => {
      const { database } = api.application.stores
      const [tenant] = await listTenants(database)
      const asTenant = (statement: string) => inTenant(database, new TenantScope(tenant!), ({ sql }) => sql.raw(statement)) // prettier-ignore
      await asTenant('ALTER TABLE idempotency_keys RENAME TO put_away')
      try {
        await old(1, daysAgo(91))
        await cleanUp(parts(), new AbortController().signal)
        expect(await audit().where({ action: 'test-row' })).to.have.length(3)
      } finally {
        await asTenant('ALTER TABLE put_away RENAME TO idempotency_keys')
      }
    })

    it('is cleaned by a worker when the schedule asks for it', async () => {
      const { queue, stores } = api.application
      await old(1, daysAgo(365))
      await queue.work(1, async () => {}, [{ name: 'clean-up', at: '17 3 * * *', run: signal => cleanUp(parts(), signal) }]) // prettier-ignore
      const { rows } = await stores.database.raw<{ rows: object[] }>('SELECT name, cron FROM ??.schedule', [
        QUEUE_SCHEMA,
      ])
      expect(rows).to.deep.include({ name: 'clean-up', cron: '17 3 * * *' })
      await stores.database.raw(`INSERT INTO ??.job (name, policy) VALUES ('clean-up', 'stately')`, [QUEUE_SCHEMA])
      queue.wake()
      await eventually(async () => expect(await audit().where({ action: 'test-row' })).to.have.length(3), 20_000)
    })

    it('tells of every change and of denied access who, what, when and in which request', async () => {
      const tenant = await api.tenant()
      const kb = await tenant.knowledgeBase()
      const reader = await tenant.withKey({ role: 'read' })
      const headers = { 'x-request-id': 'the-request' }
      await reader.client.send('DELETE', `/v1/knowledge-bases/${kb}`, { headers })
      await tenant.client.send('DELETE', `/v1/knowledge-bases/${kb}`, { headers: { 'x-request-id': 'the-other' } })
      await eventually(async () => {
        const { items } = ok(await api.admin.get(`/admin/audit-logs?tenant_id=${tenant.id}&page_size=100`))
        const of = (request: string) => items.find((item: { request_id: string }) => item.request_id === request)
        expect(of('the-request')).to.include({ action: 'access-denied', outcome: 'denied', actor: reader.key.slice(0, 'kb_sk_123456'.length), target: 'DELETE /v1/knowledge-bases/{id}' }) // prettier-ignore
        expect(of('the-other')).to.include({ action: 'delete-knowledge-base', outcome: 'success', target: kb })
        for (const { at } of items) expect(Date.parse(at)).to.be.closeTo(Date.now(), 60_000)
      })
    })
  })
})
