import { randomUUID } from 'node:crypto'
import { EventsV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { describeTenantPlace } from '../../api/stores/postgres/tenant-roles.ts'
import { findTenantBySlug } from '../../api/stores/postgres/tenants.ts'
import { VectorScope } from '../../api/stores/vectors/vector-scope.ts'
import { type VectorStore } from '../../api/stores/vectors/vector-store.ts'
import { type ProvisioningStores } from '../../api/provisioning/stores.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { eventually } from '../support/eventually.ts'
import { pointAt } from '../support/filled-tenant.ts'
import { leaking } from '../support/leaking-vector-store.ts'
import { conditionOf, type OperatorWorld } from '../support/operator-world.ts'
import { inOwnWorlds } from '../support/own-worlds.ts'
import { moreReconciles } from '../support/reconcile-counts.ts'
import { tenantManifest } from '../support/sample-resources.ts'

describe('IsolationVerified', function () {
  this.timeout(60_000)
  let world: OperatorWorld

  inOwnWorlds(own => (world = own))

  const isolation = async (name = 'acme') => conditionOf(await world.tenant(name), 'IsolationVerified')
  const isVerified = (status: string, name = 'acme') =>
    eventually(async () => expect(await isolation(name)).to.include({ status }), 20_000)
  const points = async () => (await world.vectors.collections.describe(`${world.prefix}_shared`))?.points

  it('says what was tried and when, and is tried again when its time has come, not at every look', async () => {
    let aheadMs = 0
    const operator = await world.start({ env: { RESYNC_SECONDS: '1' }, now: () => new Date(Date.now() + aheadMs) })
    await world.applySamples()
    await world.becomesReady()
    expect((await isolation())?.message).to.match(/^each of \d\d attempts to reach .+ was refused$/)
    const { isolationVerifiedAt: first } = (await world.tenant()).status ?? {}
    expect(Date.parse(first ?? '')).to.be.closeTo(Date.now(), 30_000)
    expect(await points(), 'nothing is left behind').to.equal(0)
    const writes = world.qdrant.writes.length
    await moreReconciles(operator, 3)
    expect(world.qdrant.writes.length).to.equal(writes)
    aheadMs = 86_400_000 + 60_000
    await eventually(async () => {
      const { isolationVerifiedAt: second } = (await world.tenant()).status ?? {}
      expect(Date.parse(second ?? '') - Date.parse(first ?? '')).to.be.at.least(86_400_000)
    })
    expect(world.qdrant.writes.length).to.be.greaterThan(writes)
    expect(await isolation()).to.include({ status: 'True' })
    expect(await points()).to.equal(0)
  })

  it('is tried anew for a changed resource, and after a restart not before its time', async () => {
    const operator = await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.applySamples()
    await world.becomesReady()
    const before = world.qdrant.writes.length
    await world.client.mergePatch(types.tenants, (await world.tenant()).metadata, { spec: { displayName: 'New' } })
    await world.becomesReady()
    await eventually(async () => expect((await isolation())?.observedGeneration).to.equal((await world.tenant()).metadata.generation)) // prettier-ignore
    expect(world.qdrant.writes.length).to.be.greaterThan(before)
    const after = world.qdrant.writes.length
    await operator.stop()
    await moreReconciles(await world.start({ env: { RESYNC_SECONDS: '1' } }), 2)
    expect(world.qdrant.writes.length).to.equal(after)
  })

  it('is false while the vector store forgets whose points a scope may reach, and says so everywhere', async () => {
    const env = { RESYNC_SECONDS: '1' }
    const operator = await world.start({
      env,
      stores: ({ database, vectors }) => ({ database, vectors: leaking(vectors, 'filtered search') }),
    })
    await world.applySamples()
    await isVerified('False')
    expect(await isolation()).to.include({ reason: 'NotIsolated' })
    expect((await isolation())?.message).to.contain(`search with a filter in ${world.prefix}_shared (by vectors)`)
    const tenant = await world.tenant()
    expect(conditionOf(tenant, 'Degraded')).to.include({ status: 'True', reason: 'NotIsolated' })
    expect(conditionOf(tenant, 'Ready')).to.include({ status: 'False', reason: 'NotIsolated' })
    expect(tenant.status).not.to.have.property('isolationVerifiedAt')
    const metrics = await (await fetch(`http://127.0.0.1:${operator.healthPort}/metrics`)).text()
    expect(metrics).to.match(/selfrag_operator_isolation_checks_total\{outcome="reached"\} [1-9]/)
    expect(metrics).to.match(
      /selfrag_operator_condition\{.*name="acme",condition="IsolationVerified",status="False"\} 1/,
    )
    const api = world.server.kubeConfig().makeApiClient(EventsV1Api)
    await eventually(async () => {
      const { items } = await api.listNamespacedEvent({ namespace: world.namespace })
      const told = items.filter(({ reason, type }) => reason === 'NotIsolated' && type === 'Warning')
      expect(told.map(({ note }) => note).join()).to.contain('could reach what is not its own')
    })
    await world.stopOperators()
    await world.start({ env })
    await world.becomesReady()
    await isVerified('True')
    expect(await points()).to.equal(0)
  })

  it('names in condition and Event the tenant whose points are let out', async () => {
    const env = { RESYNC_SECONDS: '1' }
    await world.start({ env })
    await world.applySamples()
    await world.create(tenantManifest({}, 'globex'))
    await world.becomesReady()
    await isVerified('True', 'globex')
    await world.stopOperators()
    let letting: VectorStore | undefined
    const stores = ({ database, vectors }: ProvisioningStores) => ({ database, vectors: (letting ??= leaking(vectors, 'search')) }) // prettier-ignore
    await moreReconciles(await world.start({ env, stores }), 1)
    const globex = await findTenantBySlug(world.sql, 'globex')
    const scope = new VectorScope(globex!.collection, globex!.id, 'all')
    const dense = Array.from({ length: 384 }, (_, index) => (index === 0 ? 1 : 0))
    await letting!.upsert(scope, [{ ...pointAt(randomUUID(), randomUUID(), 0), dense }])
    await world.client.mergePatch(types.tenants, (await world.tenant()).metadata, {
      spec: { displayName: 'Tried anew' },
    })
    await isVerified('False')
    const whose = `search in a knowledge base in ${world.prefix}_shared (of tenant globex, by vectors)`
    expect((await isolation())?.message).to.contain(whose)
    const api = world.server.kubeConfig().makeApiClient(EventsV1Api)
    await eventually(async () => {
      const { items } = await api.listNamespacedEvent({ namespace: world.namespace })
      expect(items.map(({ note }) => note).join()).to.contain(whose)
    })
    await world.vectors.delete(scope, { all: true })
  })

  it('is false from the next look on when its role is granted what a neighbour has, and nobody may revoke it', async () => {
    await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.applySamples(pipeline => {
      Object.assign((pipeline as unknown as { spec: object }).spec, { driftPolicy: 'Ignore' })
    })
    await world.create(tenantManifest({}, 'globex'))
    await world.becomesReady()
    await isVerified('True', 'globex')
    const { role } = await describeTenantPlace(world.sql, 'acme')
    const neighbour = (await describeTenantPlace(world.sql, 'globex')).role
    const asNeighbour = (statement: string) =>
      world.sql.transaction(async sql => {
        await sql.raw(`SET LOCAL ROLE "${neighbour}"`)
        await sql.raw(statement)
      })
    await asNeighbour(`GRANT USAGE ON SCHEMA tenant_globex TO "${role}"`)
    await isVerified('False')
    expect((await isolation())?.message).to.contain('schema tenant_globex')
    expect(await isolation('globex'), 'the other one is as before').to.include({ status: 'True' })
    await asNeighbour(`REVOKE USAGE ON SCHEMA tenant_globex FROM "${role}"`)
    await isVerified('True')
    await world.becomesReady()
  })
})
