import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { controlMigrations } from '../../api/stores/postgres/migrations/control/index.ts'
import { tenantMigrations } from '../../api/stores/postgres/migrations/tenant/index.ts'
import { type LiveJob } from '../../operator/observe/jobs.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type LiveDeployment } from '../../operator/plan/deployment-findings.ts'
import { eventually } from '../support/eventually.ts'
import { migrateProgram } from '../support/job-runner.ts'
import { conditionOf, type OperatorWorld, present } from '../support/operator-world.ts'
import { inOwnWorlds } from '../support/own-worlds.ts'

const NEW = 'selfrag-api:next'
/** A migration that this version does not know. */
const NEXT = '999-next'
const controlNames = controlMigrations.map(({ name }) => name)
const tenantNames = tenantMigrations.map(({ name }) => name)

describe('the migration before an image rolls out', function () {
  this.timeout(60_000)
  let world: OperatorWorld

  inOwnWorlds(own => (world = own))
  beforeEach(async () => {
    await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.applySamples()
    await world.becomesReady()
  })

  const jobs = async () => (await world.client.list<LiveJob>(types.jobs, { namespace: world.namespace })).items
  const setImage = async (image: string | null) =>
    world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { image } })
  const annotate = async (value: string) =>
    world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { metadata: { annotations: { 'selfrag.io/migrate': value } } }) // prettier-ignore
  const images = async () => {
    const live = await Promise.all(['demo-api', 'demo-worker'].map(name => world.client.get<LiveDeployment>(types.deployments, { namespace: world.namespace, name }))) // prettier-ignore
    return live.map(one => present(one, 'Deployment').spec.template.spec?.containers[0]?.image)
  }
  const recorded = async () => world.sql('selfrag.system_config').where({ key: 'schema_level' }).first<{ value: { image: string | null; tenant: string[] } }>('value') // prettier-ignore
  const becomes = (type: string, wanted: { status: string; reason: string }) =>
    eventually(async () => expect(conditionOf(await world.pipeline(), type), type).to.include(wanted))

  it('is a Job of that image, whose success stands in the database', async () => {
    const [job, ...others] = await jobs()
    expect(others).to.deep.equal([])
    expect(job?.metadata.ownerReferences?.[0]).to.include({ kind: 'RagPipeline', name: 'demo', controller: true })
    expect(job?.spec.template.spec?.containers[0]?.image).to.equal('selfrag-api:test')
    expect((await recorded()).value).to.include({ image: 'selfrag-api:test' })
    const audit = await world.sql('selfrag.audit_log').whereLike('action', 'migrate-%').pluck<string[]>('actor')
    expect(audit[0], 'the image, not the operator').to.match(/^migration to /)
  })

  it('comes before pods of a new image, while those of the old one serve', async () => {
    let finish: () => void = () => undefined
    const released = new Promise<void>(resolve => (finish = resolve))
    world.images.set(NEW, async (...run) => {
      await released
      return migrateProgram(...run)
    })
    await setImage(NEW)
    await becomes('Progressing', { status: 'True', reason: 'Migrating' })
    expect(conditionOf(await world.pipeline(), 'Ready')).to.include({ status: 'True' })
    expect(await images()).to.deep.equal(['selfrag-api:test', 'selfrag-api:test'])
    finish()
    await eventually(async () => expect(await images()).to.deep.equal([NEW, NEW]))
    await world.becomesReady()
    expect(await jobs(), 'the Job before is removed').to.have.length(1)
  })

  it('that fails leaves the old image serving, says why without its secrets, and is tried again when told to', async () => {
    const message = `cannot add column x: is of type json\n  at postgresql://app:hunter2@db/rag, password=hunter2`
    world.images.set(NEW, async () => ({ code: 1, message }))
    await setImage(NEW)
    await becomes('DatabaseReady', { status: 'False', reason: 'MigrationFailed' })
    const told = conditionOf(await world.pipeline(), 'DatabaseReady')?.message
    expect(told).to.include('cannot add column x: is of type json at postgresql://…@db/rag').and.include(NEW)
    expect(JSON.stringify((await world.pipeline()).status)).to.not.include('hunter2')
    await becomes('Degraded', { status: 'True', reason: 'MigrationFailed' })
    await becomes('APIAvailable', { status: 'True', reason: 'Available' })
    expect(await images()).to.deep.equal(['selfrag-api:test', 'selfrag-api:test'])

    world.images.delete(NEW)
    const [failed] = await jobs()
    await annotate('once more')
    await eventually(async () => expect(await images()).to.deep.equal([NEW, NEW]))
    await world.becomesReady()
    expect((await jobs()).map(({ metadata }) => metadata.name)).to.not.include(failed?.metadata.name)
  })

  it('that fails is tried again when the spec says something else, or when its Job is deleted', async () => {
    world.images.set(NEW, async () => ({ code: 2, message: 'refused' }))
    await setImage(NEW)
    await becomes('DatabaseReady', { status: 'False', reason: 'MigrationFailed' })
    const [first] = await jobs()
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { logLevel: 'debug' } })
    // What the status says may still be of the first.
    const second = await eventually(async () => {
      const job = present((await jobs())[0] ?? null, 'a Job')
      expect(job.metadata.name).to.not.equal(first?.metadata.name)
      expect(job.status?.conditions?.map(({ type }) => type)).to.include('Failed')
      return job
    })
    await becomes('DatabaseReady', { status: 'False', reason: 'MigrationFailed' })
    world.images.delete(NEW)
    await world.client.delete(types.jobs, second.metadata)
    await eventually(async () => expect(await images()).to.deep.equal([NEW, NEW]))
  })

  it('whose image cannot be pulled is told, and is over when the spec goes back', async () => {
    world.images.set(NEW, 'cannot be pulled')
    await setImage(NEW)
    // Nobody tells what keeps a pod: the operator looks again by itself.
    await becomes('Degraded', { status: 'True', reason: 'MigrationStuck' })
    expect(conditionOf(await world.pipeline(), 'Degraded')?.message).to.include('its image cannot be pulled')
    await setImage(null)
    await world.becomesReady()
    expect(await images()).to.deep.equal(['selfrag-api:test', 'selfrag-api:test'])
  })

  it('to the next release is one that this operator works with, and can be rolled back', async () => {
    world.images.set(NEW, async () => {
      await migrateAsTheNextRelease(world)
      return { code: 0 }
    })
    await setImage(NEW)
    await eventually(async () => expect(await images()).to.deep.equal([NEW, NEW]))
    await world.becomesReady()
    const tenant = { apiVersion: 'selfrag.io/v1alpha1', kind: 'RagTenant', metadata: { name: 'late' }, spec: { pipelineRef: { name: 'demo' } } } // prettier-ignore
    await world.create(tenant)
    await eventually(async () => {
      const ready = conditionOf(await world.tenant('late'), 'SchemaReady')
      expect(ready).to.include({ status: 'False', reason: 'NewerSchema' })
      expect(ready?.message).to.include(NEXT).and.include("bring the operator to the image's version")
    })
    await setImage(null)
    await eventually(async () => expect(conditionOf(await world.tenant('late'), 'Ready')?.status).to.equal('True'))
    await world.becomesReady()
    expect(await images()).to.deep.equal(['selfrag-api:test', 'selfrag-api:test'])
    expect((await recorded()).value.tenant).to.deep.equal(tenantNames)
  })

  it('runs again when the database has come from a backup', async () => {
    const { value } = await recorded()
    await world.stopOperators()
    await world.sql('selfrag.system_config').where({ key: 'schema_level' }).update({ value: JSON.stringify({ ...value, image: null }) }) // prettier-ignore
    await world.start({ env: { RESYNC_SECONDS: '1' }, now: () => new Date(Date.now() + 120_000) })
    await eventually(async () => expect((await recorded()).value.image).to.equal('selfrag-api:test'))
  })
})

/** What the image of a release with one more migration for each schema would do. */
async function migrateAsTheNextRelease({ sql }: OperatorWorld): Promise<void> {
  const level = {
    image: NEW,
    tenant: [...tenantNames, NEXT],
    schemas: {
      control: { known: [...controlNames, NEXT], floor: controlNames },
      tenant: { known: [...tenantNames, NEXT], floor: tenantNames },
    },
  }
  await sql('migrations').withSchema('selfrag').insert({ name: NEXT, batch: 2 })
  await sql.transaction(async transaction => {
    const role = await transaction.raw<{ rows: { owner: string }[] }>(`SELECT tableowner AS owner FROM pg_tables WHERE schemaname = 'tenant_acme' AND tablename = 'migrations'`) // prettier-ignore
    await transaction.raw('SET LOCAL ROLE ??', [role.rows[0]?.owner ?? ''])
    await transaction.raw(`INSERT INTO tenant_acme.migrations (name, batch) VALUES (?, 2)`, [NEXT])
  })
  await sql('selfrag.system_config')
    .where({ key: 'schema_level' })
    .update({ value: JSON.stringify(level) })
}
