import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import pg from 'pg'
import { buildIngestion } from '../../api/build-ingestion.ts'
import { reconcileVectors } from '../../api/backup/reconcile-vectors.ts'
import { CONTROL_SCHEMA, QUEUE_SCHEMA } from '../../api/contract/names.ts'
import { JobQueue } from '../../api/ingestion/queue.ts'
import { scheduledTasks } from '../../api/ingestion/scheduled-tasks.ts'
import { maintenanceTasks } from '../../api/maintenance/tasks.ts'
import { Metrics } from '../../api/metrics.ts'
import { observeIsolation } from '../../api/metrics/isolation-metrics.ts'
import { readIsolationCheck, recordIsolationCheck } from '../../api/stores/postgres/isolation-check.ts'
import { readMaintenanceRecord } from '../../api/stores/postgres/maintenance-record.ts'
import { removeSystemConfig } from '../../api/stores/postgres/system-config.ts'
import { describeTenantPlace } from '../../api/stores/postgres/tenant-roles.ts'
import { inTenant, TenantScope } from '../../api/stores/postgres/tenant-scope.ts'
import { listTenants } from '../../api/stores/postgres/tenants.ts'
import { chunkId, pointId } from '../../api/stores/vectors/point-id.ts'
import type { VectorStore } from '../../api/stores/vectors/vector-store.ts'
import { ok, startApi, type TestApi, type TestTenant, untilReady } from '../support/api.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { ComposeFolder } from '../support/compose.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { postgres } from '../support/postgres.ts'
import { qdrant } from '../support/qdrant.ts'
import { rejection } from '../support/rejection.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

describe('selfrag maintain', function () {
  this.timeout(60_000)
  let api: TestApi
  let tenant: TestTenant
  let scope: TenantScope
  let document: { id: string; kb: string }
  let environment: NodeJS.ProcessEnv

  before(async () => {
    api = await startApi()
    tenant = await api.tenant()
    const kb = await tenant.knowledgeBase()
    const made = ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, { title: 'Pump', content: 'The pump runs dry.' })) // prettier-ignore
    await untilReady(tenant.client, made.document_id)
    document = { id: made.document_id, kb }
    const row = (await listTenants(api.application.stores.database)).find(({ id }) => id === tenant.id)! // prettier-ignore
    scope = new TenantScope(row)
    const { url, apiKey = '' } = await qdrant()
    environment = { ...bareEnvironment, DATABASE_URL: api.database.url, QDRANT_URL: url, QDRANT_API_KEY: apiKey, QDRANT_COLLECTION_PREFIX: api.application.configuration.QDRANT_COLLECTION_PREFIX, EMBEDDING_PROVIDER: 'none' } // prettier-ignore
  })
  after(() => api.stop())

  const maintain = async (...args: string[]) => {
    const { stdout } = await run(process.execPath, ['api/selfrag.ts', 'maintain', ...args], { cwd: root, env: environment }) // prettier-ignore
    return stdout.trim().split('\n').map(line => JSON.parse(line) as Record<string, unknown>) // prettier-ignore
  }

  const doctor = async (changed: NodeJS.ProcessEnv = {}) => {
    const { stdout } = await run(process.execPath, ['api/selfrag.ts', 'doctor', '--json', '--only', 'isolation'], { cwd: root, env: { ...environment, ...changed } }).catch((error: { stdout: string }) => error) // prettier-ignore
    const { checks } = JSON.parse(stdout) as { checks: { check: string; status: string; message: string }[] }
    return checks.find(({ check }) => check === 'isolation')!
  }

  it('tells before the first check of isolation since when there is something to check', async () => {
    const { database } = api.application.stores
    expect(await doctor()).to.include({ status: 'skipped', message: 'not checked yet; the worker does it every night' })
    await database('tenants')
      .withSchema(CONTROL_SCHEMA)
      .update({ created_at: new Date('2026-01-01') })
    const metrics = await (await fetch(`${api.url}/metrics`)).text()
    expect(metrics).to.match(new RegExp(`^isolation_last_check_timestamp_seconds ${Date.parse('2026-01-01') / 1000}$`, 'm')) // prettier-ignore
    expect(metrics).not.to.match(/^isolation_broken_tenants /m)
    expect(await doctor()).to.include({ status: 'warning' })
    expect(await doctor({ SCHEDULED_ISOLATION_CHECK: 'off' })).to.include({ status: 'skipped' })
  })

  it('does not take a tenant for empty that is moved while it is looked at', async () => {
    const { database, vectors } = api.application.stores
    const [from, to] = [scope.collection, `${scope.collection}_elsewhere`]
    const place = (collection: string) => database('tenants').withSchema(CONTROL_SCHEMA).where({ id: tenant.id }).update({ collection }) // prettier-ignore
    const moving = Object.assign(Object.create(vectors) as VectorStore, {
      async countByDocument({ collection }: { collection: string }) {
        if (collection === to) return vectors.countByDocument(scope.vectors())
        await place(to)
        return new Map()
      },
    })
    try {
      const found = await reconcileVectors({ database, vectors: moving, queue: null })
      expect(found).to.deep.include({ documents: 1, incomplete: 0, orphans: 0, failures: [] })
    } finally {
      await place(from)
    }
  })

  it('goes on with the others when a tenant is not whole, and tells which', async () => {
    const { database, vectors } = api.application.stores
    const early = await api.tenant({ name: 'aa not whole' })
    const row = (await listTenants(database)).find(({ id }) => id === early.id)!
    const rename = (from: string, to: string) => inTenant(database, new TenantScope(row), ({ sql }) => sql.raw('ALTER TABLE ?? RENAME TO ??', [from, to])) // prettier-ignore
    expect((await listTenants(database)).map(({ id }) => id)).to.deep.equal([early.id, tenant.id])
    await rename('documents', 'documents_lost')
    await vectors.delete(scope.vectors(), { documentId: document.id })
    try {
      const { code, stdout } = (await rejection(run(process.execPath, ['api/selfrag.ts', 'maintain', '--only', 'points,indexes'], { cwd: root, env: environment }))) as unknown as { code: number; stdout: string } // prettier-ignore
      expect(code).to.equal(1)
      const lines = stdout.trim().split('\n').map(line => JSON.parse(line) as Record<string, unknown>) // prettier-ignore
      expect(lines[0]).to.include({ message: 'rows and points were compared', documents: 1, incomplete: 1 })
      expect(lines[1]).to.include({ level: 'WARN', tenant: row.slug })
      expect(lines[2]).to.include({ message: 'indexes were looked at' })
      expect(JSON.stringify(lines[3])).to.contain(`rows and points of ${row.slug} could not be looked after; of all others they were`) // prettier-ignore
    } finally {
      await rename('documents_lost', 'documents')
    }
    await untilReady(tenant.client, document.id)
    expect((await api.admin.delete(`/admin/tenants/${early.id}`)).status).to.equal(200)
  })

  it('indexes again what lost its points, and deletes points whose document is gone', async () => {
    const { vectors } = api.application.stores
    await vectors.delete(scope.vectors(), { documentId: document.id })
    const stranger = randomUUID()
    const chunk = chunkId(stranger, 1, 0)
    await vectors.upsert(scope.vectors(), [{ id: pointId(chunk, 1), knowledgeBaseId: document.kb, documentId: stranger, chunkId: chunk, position: 0, text: 'gone', metadata: {}, sparse: { indices: [1], values: [1] } }]) // prettier-ignore
    const [line] = await maintain('--only', 'points')
    expect(line).to.include({ message: 'rows and points were compared', documents: 1, incomplete: 1, orphans: 1 })
    await eventually(async () => {
      await untilReady(tenant.client, document.id)
      const points = await vectors.countByDocument(scope.vectors())
      expect([...points]).to.deep.equal([[document.id, 1]])
    }, 15_000)
    expect((await maintain('--only', 'points'))[0]).to.include({ incomplete: 0, orphans: 0 })
  })

  it('vacuums and analyses the tables of the product and of every tenant', async () => {
    const tables = async () => {
      const { rows } = await api.application.stores.database.raw<{ rows: { name: string }[] }>(`SELECT format('%s.%s', schemaname, relname) AS name FROM pg_stat_all_tables WHERE vacuum_count > 0 AND analyze_count > 0`) // prettier-ignore
      return rows.map(({ name }) => name)
    }
    const [line] = await maintain('--only', 'vacuum')
    expect(line).to.include({ message: 'tables were vacuumed and analysed' })
    await eventually(async () => expect(await tables()).to.include.members(['selfrag.tenants', `tenant_${scope.slug.replaceAll('-', '_')}.documents`])) // prettier-ignore
  })

  it('rebuilds an index that an interrupted build has left unused', async () => {
    const schema = `tenant_${scope.slug.replaceAll('-', '_')}`
    await inTenant(api.application.stores.database, scope, ({ sql }) => sql.raw('CREATE INDEX left_behind ON documents (title)')) // prettier-ignore
    const server = new URL((await postgres()).url)
    server.pathname = `/${api.database.name}`
    const administrator = new pg.Client({ connectionString: server.href })
    await administrator.connect()
    const valid = async () => (await administrator.query(`SELECT indisvalid FROM pg_index WHERE indexrelid = '${schema}.left_behind'::regclass`)).rows[0] // prettier-ignore
    await administrator.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = '${schema}.left_behind'::regclass`) // prettier-ignore
    expect(await valid()).to.deep.equal({ indisvalid: false })
    const [line] = await maintain('--only', 'indexes')
    expect(line!['rebuilt']).to.deep.equal([`${schema}.left_behind`])
    expect(await valid()).to.deep.equal({ indisvalid: true })
    await administrator.end()
  })

  it('does nothing while another one runs, and everything when it is alone', async () => {
    const { database } = api.application.stores
    await database.transaction(async sql => {
      await sql.raw('SELECT pg_advisory_xact_lock(?, 7)', [0x73656c66])
      expect((await maintain()).map(({ message }) => message)).to.deep.equal(['maintenance runs already; nothing was done']) // prettier-ignore
    })
    expect(await maintain()).to.have.length(4)
  })

  it('is done once by whoever comes first of those that come by a clock', async () => {
    const left = (await maintain('--due')).map(({ task, message }) => ({ task, message }))
    expect(left).to.deep.equal(maintenanceTasks.map(task => ({ task, message: 'was done already; left out' })))
    const { database } = api.application.stores
    const before = await readMaintenanceRecord(database)
    for (const { name, run } of scheduledTasks(buildIngestion(api.application)))
      if (name !== 'clean-up') await run(new AbortController().signal)
    expect(await readMaintenanceRecord(database)).to.deep.equal(before)
    expect(await maintain('--only', 'indexes'), 'a person means what he says').to.have.length(1)
    expect((await readMaintenanceRecord(database))['indexes']).to.be.greaterThan(before['indexes']!)
  })

  it('is done by a worker when the schedule asks for it, and not where that is switched off', async () => {
    const { database } = api.application.stores
    const schedule = () => database('schedule').withSchema(QUEUE_SCHEMA).orderBy('name').select('name', 'cron')
    const own = { 'clean-up': '17 3 * * *', 'isolation-check': '47 2 * * *', maintenance: '37 3 * * 0' }
    expect(await schedule()).to.deep.equal(Object.entries(own).map(([name, cron]) => ({ name, cron })))
    const due = (name: string) => database.raw(`INSERT INTO ??.job (name, policy) VALUES (?, 'stately')`, [QUEUE_SCHEMA, name]) // prettier-ignore
    const isDone = async (name: string) => {
      const [job] = await database('job').withSchema(QUEUE_SCHEMA).where({ name }).select('state') // prettier-ignore
      expect(job).to.deep.equal({ state: 'completed' })
    }
    const limits = await database('queue').withSchema(QUEUE_SCHEMA).whereIn('name', ['documents', 'maintenance']).orderBy('name').pluck('retry_limit') // prettier-ignore
    expect(limits, 'attempts: of a job as many as it takes, of a task a few').to.deep.equal([1_000_000, 3])
    const before = await readIsolationCheck(database)
    await removeSystemConfig(database, 'maintenance')
    for (const name of ['isolation-check', 'maintenance'] as const) {
      await due(name)
      api.application.queue.wake()
      await eventually(() => isDone(name), 20_000)
    }
    expect((await readIsolationCheck(database))?.at).to.be.greaterThan(before!.at)
    await database.transaction(async sql => {
      await sql.raw('SELECT pg_advisory_xact_lock(?, 7)', [0x73656c66])
      const maintenance = scheduledTasks(buildIngestion(api.application)).find(task => task.name === 'maintenance')
      expect((await rejection(maintenance!.run(new AbortController().signal))).message).to.contain(
        'will be tried again',
      )
    })
    const off = { ...buildIngestion(api.application), schedule: { maintenance: false, isolationCheck: false } }
    const queue = new JobQueue({ database, log: off.log, supervise: true })
    try {
      await queue.work(1, async () => undefined, scheduledTasks(off))
      expect(await schedule()).to.deep.equal([{ name: 'clean-up', cron: own['clean-up'] }])
    } finally {
      await queue.stop(1000)
    }
  })

  it('has each tenant try what is not its own, and metrics and doctor tell what came of it', async () => {
    const neighbour = await api.tenant()
    const { database } = api.application.stores
    const metrics = async () => (await fetch(`${api.url}/metrics`)).text()
    expect((await maintain('--only', 'isolation'))[0]).to.deep.include({ message: 'isolation was checked', tenants: 2, unchecked: 0, broken: [] }) // prettier-ignore
    expect(await metrics()).to.match(/^isolation_broken_tenants 0$/m)
    expect(await doctor()).to.include({ status: 'ok' })
    const other = (await listTenants(database)).find(({ id }) => id === neighbour.id)!
    const { role } = await describeTenantPlace(database, scope.slug)
    const asNeighbour = (statement: string) => inTenant(database, new TenantScope(other), ({ sql }) => sql.raw(statement)) // prettier-ignore
    await asNeighbour(`GRANT USAGE ON SCHEMA ${other.schema_name} TO "${role}"`)
    try {
      const [found] = await maintain('--only', 'isolation')
      const reached = `schema ${other.schema_name} (of tenant ${other.slug}, by grants)`
      expect(found).to.deep.include({ level: 'ERROR', tenant: scope.slug })
      expect(found!['reached']).to.include(reached)
      expect(await metrics()).to.match(/^isolation_broken_tenants 1$/m)
      const finding = await doctor()
      expect(finding).to.include({ status: 'failed' })
      expect(finding?.message).to.contain(`${scope.slug} could ${reached}`)
    } finally {
      await asNeighbour(`REVOKE ALL ON SCHEMA ${other.schema_name} FROM "${role}"`)
    }
    await maintain('--only', 'isolation')
    expect(await metrics()).to.match(/^isolation_broken_tenants 0$/m)
    expect(await metrics()).to.match(/^isolation_last_check_timestamp_seconds \d/m)
  })

  it('does not ask for a result to be renewed where nobody has promised it', async () => {
    const { database } = api.application.stores
    const check = (await readIsolationCheck(database))!
    await recordIsolationCheck(database, { ...check, at: new Date(Date.now() - 5 * 86_400_000) })
    expect(await doctor()).to.include({ status: 'warning' })
    expect(await doctor({ SCHEDULED_ISOLATION_CHECK: 'off' })).to.include({ status: 'ok' })
    const shown = async (scheduled: boolean) => {
      const metrics = new Metrics()
      observeIsolation({ database, scheduled, now: () => new Date() }, metrics)
      return metrics.registry.metrics()
    }
    expect(await shown(true)).to.match(/^isolation_broken_tenants 0$/m)
    expect(await shown(false)).not.to.match(/^isolation_/m)
  })
})

describe('config/cron', () => {
  it('calls services that Compose has, at times that cron takes', async function () {
    const folder = await ComposeFolder.copy()
    await folder.newEnv()
    const { services } = await orSkip(this, folder.project(['jobs']))
    const lines = readFileSync(join(root, 'config/cron/selfrag'), 'utf8').split('\n').filter(line => /^[\d*]/.test(line)) // prettier-ignore
    const calls = lines.map(line => /^((?:\S+ ){5})root docker compose .* run --rm -T (\S+)/.exec(line)).filter(call => call !== null) // prettier-ignore
    expect(calls.map(([, , service]) => service)).to.deep.equal(['backup', 'backup', 'maintenance'])
    for (const [, time, service] of calls) {
      expect(services, service).to.have.property(service!)
      expect(time!.trim().split(' ').every(field => /^(\*|\d+)$/.test(field))).to.equal(true) // prettier-ignore
    }
    expect(services['backup']!.environment).to.include({ BACKUP_DESTINATION: '/backups' })
  })
})
