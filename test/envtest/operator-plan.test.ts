import { expect } from 'chai'
import { afterEach, before, describe, it } from 'mocha'
import { describeStep } from '../../api/provisioning/describe-step.ts'
import { type Step } from '../../api/provisioning/steps.ts'
import { PLAN_ANNOTATION } from '../../crds/definition.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type Pipeline, type Tenant } from '../../operator/observe/resources.ts'
import { type RunningOperator } from '../../operator/operator.ts'
import { type ResourceType } from '../../operator/runtime/kubernetes-object.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { conditionOf, OperatorWorld, present } from '../support/operator-world.ts'
import { moreReconciles } from '../support/reconcile-counts.ts'

/** A change that the operator would make or has made, without its words. */
type Change = readonly [target: string, action: string, object: string]

describe('plan mode', function () {
  this.timeout(90_000)
  let world: OperatorWorld
  let operator: RunningOperator
  /** Steps that were carried out. */
  let steps: Step[]

  before(async function () {
    this.timeout(900_000)
    await (await orSkip(this, OperatorWorld.make())).dispose()
  })

  afterEach(async () => {
    await world.dispose()
  })

  const begin = async (env: Record<string, string> = {}) => {
    steps = []
    world = await OperatorWorld.make()
    const onStep = (step: Step) => void steps.push(step)
    operator = await world.start({ env: { RESYNC_SECONDS: '1', ...env }, hooks: { onStep } })
  }
  const samples = (planned: boolean) =>
    planned ? world.applySamples(annotate as never, annotate) : world.applySamples()
  const annotate = (resource: { metadata: object }) => {
    Object.assign(resource.metadata, { annotations: { [PLAN_ANNOTATION]: 'true' } })
  }
  const setPlanning = async (type: ResourceType, resource: Pipeline | Tenant, on: boolean) => {
    await world.client.mergePatch(type, resource.metadata, { metadata: { annotations: { [PLAN_ANNOTATION]: on ? 'true' : null } } }) // prettier-ignore
  }
  const plannedChanges = ({ status }: Pipeline | Tenant): Change[] =>
    (status?.plan?.changes ?? []).map(({ target, action, object }) => [target, action, object])
  const storeChanges = (resource: Pipeline | Tenant) => plannedChanges(resource).filter(([target]) => target !== 'kubernetes') // prettier-ignore
  const carriedOut = (): Change[] =>
    steps
      .flatMap(step => describeStep(step, { engine: 'qdrant', vaultOf: name => name, erasure: null }))
      .filter(({ target }) => target !== 'kubernetes')
      .map(({ target, action, object }) => [target, action, object])
  /** Statuses are the only thing that may be written. */
  const expectNothingChanged = async () => {
    expect((await world.clusterWrites()).filter(write => !write.endsWith(' status'))).to.deep.equal([])
    expect(world.databaseWrites).to.deep.equal([])
    expect(world.qdrant.writes).to.deep.equal([])
  }
  const isPlanned = (resource: Pipeline | Tenant) => {
    expect(resource.status?.plan?.generation).to.equal(resource.metadata.generation)
    expect(conditionOf(resource, 'Progressing')).to.include({ status: 'False', reason: 'Planned' })
  }
  const bothArePlanned = () =>
    eventually(async () => {
      isPlanned(await world.pipeline())
      isPlanned(await world.tenant())
    })

  it('shows a first creation in an empty database, does nothing of it, and then exactly that', async () => {
    await begin()
    await samples(true)
    await bothArePlanned()
    const [pipeline, tenant] = [await world.pipeline(), await world.tenant()]
    expect(conditionOf(pipeline, 'Ready')).to.include({ status: 'False', reason: 'Planned' })
    expect(plannedChanges(pipeline)).to.deep.include.members([
      ['kubernetes', 'update', 'RagPipeline/demo'],
      ['qdrant', 'create', `collection ${world.prefix}_shared_g1`],
      ['kubernetes', 'create', 'Secret/demo-admin-token'],
      ['kubernetes', 'create', 'Deployment/demo-api'],
    ])
    expect(plannedChanges(pipeline).map(([, , object]) => object).find(object => object.startsWith('Job/'))).to.match(/^Job\/demo-migrate-[0-9a-f]{6}$/)
    expect(plannedChanges(tenant)).to.deep.include.members([
      ['kubernetes', 'create', 'Secret/acme-admin-key'],
      ['postgres', 'create', 'schema tenant_acme'],
      ['postgres', 'create', 'knowledge base acme/handbook'],
    ])
    const forecasts = tenant.status?.plan?.changes.filter(({ object }) => object === 'schema tenant_acme') ?? []
    expect(forecasts[0]?.after).to.contain('RagPipeline')
    expect(JSON.stringify(pipeline.status?.plan)).not.to.contain(new URL(world.database.url).password)
    await moreReconciles(operator, 3)
    const written = (await world.clusterWrites()).length
    await moreReconciles(operator, 3)
    expect((await world.clusterWrites()).length, 'a plan that is the same is not written again').to.equal(written)
    await expectNothingChanged()

    const wanted = storeChanges(pipeline)
    await setPlanning(types.pipelines, pipeline, false)
    await eventually(async () => expect(conditionOf(await world.pipeline(), 'Ready')).to.include({ status: 'True' }), 20_000)
    expect(carriedOut()).to.deep.equal(wanted)
    expect((await world.pipeline()).status).not.to.have.property('plan')
    const { objects = [] } = (await world.pipeline()).status ?? {}
    const applied = objects.map(({ kind, name }): Change => ['kubernetes', 'create', `${kind}/${name}`])
    expect(plannedChanges(pipeline)).to.deep.include.members(applied)

    await eventually(async () => {
      const [first] = (await world.tenant()).status?.plan?.changes.slice(1) ?? []
      expect(first, 'a forecast becomes a plan').to.be.an('object').and.not.to.have.property('after')
    })
    const rest = storeChanges(await world.tenant())
    steps.splice(0)
    await setPlanning(types.tenants, await world.tenant(), false)
    await world.becomesReady()
    expect(carriedOut()).to.deep.equal(rest)
    expect((await world.tenant()).status).not.to.have.property('plan')
  }) // prettier-ignore

  it('shows a change of the spec and drift of something that serves, which goes on serving', async () => {
    await begin()
    await samples(false)
    await world.becomesReady()
    const pipeline = await world.pipeline()
    await setPlanning(types.pipelines, pipeline, true)
    await eventually(async () => isPlanned(await world.pipeline()))
    expect((await world.pipeline()).status?.plan?.changes).to.deep.equal([])
    await world.client.mergePatch(types.pipelines, pipeline.metadata, { spec: { logLevel: 'debug' } })
    await fetch(`${world.qdrant.url}/collections/${world.prefix}_shared_g1/index/kb_id?wait=true`, { method: 'DELETE' })
    const before = [(await world.clusterWrites()).filter(write => !write.endsWith(' status')).length, world.databaseWrites.length, world.qdrant.writes.length] // prettier-ignore
    await eventually(async () => {
      const { plan } = (await world.pipeline()).status ?? {}
      const detail = (object: string) => plan?.changes.find(change => change.object === object)?.detail
      expect(detail('ConfigMap/demo-config')).to.contain('data.LOG_LEVEL: info → debug')
      expect(detail('Deployment/demo-api')).to.contain('config-checksum')
      expect(detail(`collection ${world.prefix}_shared_g1`)).to.contain('kb_id')
    })
    await moreReconciles(operator, 2)
    const after = [(await world.clusterWrites()).filter(write => !write.endsWith(' status')).length, world.databaseWrites.length, world.qdrant.writes.length] // prettier-ignore
    expect(after).to.deep.equal(before)
    const planned = await world.pipeline()
    expect(conditionOf(planned, 'Ready')).to.include({ status: 'True', observedGeneration: pipeline.metadata.generation })
    await setPlanning(types.pipelines, planned, false)
    await world.becomesReady()
    await eventually(async () => expect((await world.vectors.collections.describe(`${world.prefix}_shared`))?.indexes).to.include('kb_id')) // prettier-ignore
    const map = present(await world.client.get(types.configMaps, { namespace: world.namespace, name: 'demo-config' }), 'demo-config') // prettier-ignore
    expect((map as unknown as { data: Record<string, string> }).data['LOG_LEVEL']).to.equal('debug')
  }) // prettier-ignore

  it('shows what a deletion would erase, with rows and points, and erases it only afterwards', async () => {
    await begin()
    await samples(false)
    await world.becomesReady()
    const [row] = await world.sql('selfrag.tenants').where({ slug: 'acme' }).select<{ id: string; collection: string }[]>('id', 'collection') // prettier-ignore
    const point = { id: '00000000-0000-4000-8000-000000000001', vector: { bm25: { indices: [1], values: [1] } }, payload: { tenant_id: row?.id, kb_id: 'k', document_id: 'd' } } // prettier-ignore
    const stored = await fetch(`${world.qdrant.url}/collections/${row?.collection}/points?wait=true`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ points: [point] }) }) // prettier-ignore
    expect(stored.status).to.equal(200)
    const tenant = await world.tenant()
    await world.client.mergePatch(types.tenants, tenant.metadata, { metadata: { annotations: { [PLAN_ANNOTATION]: 'true' } }, spec: { deletionPolicy: 'Delete' } }) // prettier-ignore
    await eventually(async () => isPlanned(await world.tenant()))
    const before = [world.databaseWrites.length, world.qdrant.writes.length]
    await world.client.delete(types.tenants, tenant.metadata)
    await eventually(async () => {
      const { status } = await world.tenant()
      expect(status?.plan?.operation).to.equal('Delete')
      const deletions = status?.plan?.changes.filter(({ action }) => action === 'delete')
      const detail = (object: string) => deletions?.find(change => change.object === object)?.detail
      // One knowledge base; the tenant's row and its two keys; the point.
      expect(detail('schema tenant_acme')).to.contain('(1 rows)')
      expect(detail('tenant acme')).to.contain('(3 rows)')
      expect(detail(`points in collection ${row?.collection}`)).to.contain('(1 points)')
      expect(detail('Secret/acme-admin-key')).to.be.a('string')
    })
    await moreReconciles(operator, 2)
    expect([world.databaseWrites.length, world.qdrant.writes.length]).to.deep.equal(before)
    expect(await world.secret('acme-admin-key')).to.have.property('api-key')
    const wanted = storeChanges(await world.tenant())
    steps.splice(0)
    await setPlanning(types.tenants, await world.tenant(), false)
    await eventually(async () => expect(await world.client.get(types.tenants, { namespace: world.namespace, name: 'acme' })).to.equal(null)) // prettier-ignore
    expect(carriedOut()).to.deep.equal(wanted)
    expect(await world.sql('selfrag.tenants')).to.deep.equal([])

    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { metadata: { annotations: { [PLAN_ANNOTATION]: 'true' } }, spec: { deletionPolicy: 'Delete' } }) // prettier-ignore
    await eventually(async () => isPlanned(await world.pipeline()))
    await world.client.delete(types.pipelines, (await world.pipeline()).metadata)
    await eventually(async () => {
      const changes = plannedChanges(await world.pipeline())
      expect(changes).to.deep.include(['postgres', 'delete', 'schema selfrag'])
      expect(changes).to.deep.include(['qdrant', 'delete', `collection ${world.prefix}_shared_g1`])
    })
    expect(await world.vectors.collections.list(world.prefix)).to.have.length(1)
    await setPlanning(types.pipelines, await world.pipeline(), false)
    await eventually(async () => expect(await world.client.get(types.pipelines, { namespace: world.namespace, name: 'demo' })).to.equal(null)) // prettier-ignore
    expect(await world.vectors.collections.list(world.prefix)).to.deep.equal([])
  })

  it('is for everything when the operator runs with DRY_RUN', async () => {
    await begin({ DRY_RUN: 'true' })
    await samples(false)
    await bothArePlanned()
    expect((await world.pipeline()).status?.plan?.changes.length).to.be.greaterThan(8)
    await moreReconciles(operator, 2)
    await expectNothingChanged()
    await operator.stop()
    await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.becomesReady()
  })

  it('says what is in the way of a plan', async () => {
    await begin()
    await samples(true)
    await bothArePlanned()
    await world.client.delete(types.secrets, { namespace: world.namespace, name: 'demo-postgres' })
    for (const read of [() => world.pipeline(), () => world.tenant()])
      await eventually(async () => {
        const { plan } = (await read()).status ?? {}
        expect(plan?.notes?.join()).to.contain(`Secret ${world.namespace}/demo-postgres does not exist`)
        expect(plan?.changes.filter(({ target }) => target !== 'kubernetes')).to.deep.equal([])
      })
    await expectNothingChanged()
  })
})
