import { randomUUID } from 'node:crypto'
import { EventsV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { archiveSchema } from '../../api/contract/names.ts'
import { type TenantRow } from '../../api/stores/postgres/rows.ts'
import { VectorScope } from '../../api/stores/vectors/vector-scope.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { eventually } from '../support/eventually.ts'
import { conditionOf, type OperatorWorld, present } from '../support/operator-world.ts'
import { inOwnWorlds } from '../support/own-worlds.ts'
import { tenantManifest } from '../support/sample-resources.ts'

const POINTS = 3
/** Tenant, two keys, a knowledge base. */
const ROWS = 4

describe('the end of a tenant', function () {
  this.timeout(60_000)
  let world: OperatorWorld

  inOwnWorlds(own => (world = own))

  async function prepare(options: Parameters<OperatorWorld['start']>[0] = {}): Promise<TenantRow> {
    await world.start({ env: { RESYNC_SECONDS: '1' }, ...options })
    await world.applySamples()
    await world.becomesReady()
    const row = await rowOf()
    await world.vectors.upsert(
      scopeOf(row),
      Array.from({ length: POINTS }, (_, position) => pointAt(position)),
    )
    return row
  }
  const rowOf = async () => present(((await world.sql('selfrag.tenants').where({ slug: 'acme' }).first()) ?? null) as TenantRow | null, 'acme') // prettier-ignore
  const scopeOf = ({ id, collection }: TenantRow) => new VectorScope(collection, id, 'all')
  const pointAt = (position: number) => ({
    id: randomUUID(),
    knowledgeBaseId: 'kb',
    documentId: 'document',
    chunkId: `chunk ${position}`,
    position,
    text: `text ${position}`,
    metadata: { position },
    sparse: { indices: [position], values: [1] },
  })
  const patch = async (change: object) => world.client.mergePatch(types.tenants, (await world.tenant()).metadata, change) // prettier-ignore
  const remove = async (deletionPolicy: string) => {
    await patch({ spec: { deletionPolicy } })
    await world.client.delete(types.tenants, (await world.tenant()).metadata)
  }
  const isGone = () =>
    eventually(async () => {
      expect(await world.client.get(types.tenants, { namespace: world.namespace, name: 'acme' })).to.equal(null)
    }, 30_000)
  /** The only one, told once. */
  const receiptEvent = () =>
    eventually(async () => {
      const { items } = await world.server.kubeConfig().makeApiClient(EventsV1Api).listNamespacedEvent({ namespace: world.namespace }) // prettier-ignore
      const receipts = items.filter(({ reason }) => reason === 'ErasureReceipt')
      const told = receipts.map(({ regarding, series }) => ({ kind: regarding?.kind, name: regarding?.name, again: series?.count ?? 0 })) // prettier-ignore
      expect(told).to.deep.equal([{ kind: 'RagTenant', name: 'acme', again: 0 }])
      const [event] = receipts
      return event?.note ?? ''
    })
  const receiptRow = async () =>
    (await world.sql('selfrag.audit_log').where({ action: 'erasure-receipt', target: 'acme' }).pluck<Record<string, unknown>[]>('detail')).at(-1) // prettier-ignore

  it('with Delete gives a receipt, in an Event and in the audit log', async () => {
    const row = await prepare()
    await remove('Delete')
    await isGone()
    expect(await world.vectors.count(scopeOf(row), { all: true })).to.equal(0)
    expect(await receiptRow()).to.deep.include({ rows: ROWS, points: POINTS, snapshots: 0, kept: null })
    expect(await receiptEvent()).to.equal(`erased ${ROWS} rows, ${POINTS} points and 0 snapshots; counted again after that, nothing is left`) // prettier-ignore
  })

  it('waits for a Qdrant that goes away in the middle, and counts everything once when it is back', async () => {
    const row = await prepare({
      hooks: {
        onStep: ({ kind }) => {
          if (kind === 'drop-role') world.qdrant.broken = true
        },
      },
    })
    await remove('Delete')
    await eventually(async () => {
      const ready = conditionOf(await world.tenant(), 'Ready')
      expect(ready).to.include({ status: 'False', reason: 'Unreachable' })
      expect(ready?.message).to.contain('it is being deleted')
    }, 30_000)
    expect(await world.sql('selfrag.tenants')).to.have.length(1)
    world.qdrant.broken = false
    await isGone()
    expect(await world.vectors.count(scopeOf(row), { all: true })).to.equal(0)
    expect(await receiptRow()).to.deep.include({ rows: ROWS, points: POINTS })
    expect(await receiptEvent()).to.contain(`erased ${ROWS} rows, ${POINTS} points`)
  })

  it('with Snapshot keeps rows and points, and the annotation selfrag.io/restore brings them back', async () => {
    const row = await prepare()
    await remove('Snapshot')
    await isGone()
    const archive = archiveSchema(row.id)
    expect(await receiptEvent()).to.contain(`kept 1 rows and ${POINTS} points in schema ${archive}; erased 3 rows, ${POINTS} points`) // prettier-ignore
    expect(await world.vectors.count(scopeOf(row), { all: true })).to.equal(0)

    const again = async (restore: string) => {
      const { apiVersion, kind, metadata, spec } = tenantManifest({ knowledgeBases: [{ name: 'handbook' }] })
      await world.create({ apiVersion, kind, metadata: { ...metadata, annotations: { 'selfrag.io/restore': restore } }, spec }) // prettier-ignore
    }
    await again('snapshot_nowhere')
    await eventually(async () => {
      const ready = conditionOf(await world.tenant(), 'Ready')
      expect(ready).to.include({ status: 'False', reason: 'Unrepairable' })
      expect(ready?.message).to.contain(`there is no snapshot snapshot_nowhere of this resource to restore; there is ${archive}`) // prettier-ignore
    })
    await patch({ metadata: { annotations: { 'selfrag.io/restore': archive } } })
    await world.becomesReady()
    const restored = await rowOf()
    expect(restored.id).not.to.equal(row.id)
    const points = await world.vectors.page(scopeOf(restored), { after: null, limit: 10 })
    expect(points.map(({ text }) => text).sort()).to.deep.equal(['text 0', 'text 1', 'text 2'])
    expect((await world.tenant()).status?.usage).to.include({ knowledgeBases: 1 })
    const left = await world.sql.raw<{ rows: object[] }>(`SELECT FROM pg_namespace WHERE nspname LIKE 'snapshot%'`)
    expect(left.rows).to.deep.equal([])
  })

  it('does not come of a finalizer that somebody took away: it is put back', async () => {
    await prepare()
    await patch({ metadata: { finalizers: null } })
    await eventually(async () => expect((await world.tenant()).metadata.finalizers).to.deep.equal(['selfrag.io/tenant'])) // prettier-ignore
    const pipeline = await world.pipeline()
    await world.client.mergePatch(types.pipelines, pipeline.metadata, { metadata: { finalizers: ['example.org/other'] } }) // prettier-ignore
    await eventually(async () =>
      expect((await world.pipeline()).metadata.finalizers).to.deep.equal(['example.org/other', 'selfrag.io/pipeline']),
    )
    await world.client.mergePatch(types.pipelines, pipeline.metadata, { metadata: { finalizers: ['selfrag.io/pipeline'] } }) // prettier-ignore
  })

  it('that was forced half-way leaves something that the next one can adopt, and so erase', async () => {
    const row = await prepare({
      hooks: {
        onStep: ({ kind }) => {
          if (kind === 'drop-schema') world.qdrant.broken = true
        },
      },
    })
    await remove('Delete')
    await eventually(async () => expect(conditionOf(await world.tenant(), 'Ready')?.reason).to.equal('Unreachable'), 30_000) // prettier-ignore
    await world.stopOperators()
    // What own-writes.ts knows the write by that lets an object go: it has no version of its own.
    const { resourceVersion } = (await world.tenant()).metadata
    const { metadata: last } = await patch({ metadata: { finalizers: [] } })
    expect(last).to.include({ resourceVersion }).and.to.have.property('deletionTimestamp')
    expect(last.finalizers ?? []).to.deep.equal([])
    await isGone()
    world.qdrant.broken = false
    await world.start({ env: { RESYNC_SECONDS: '1' } })

    await world.create(tenantManifest({ deletionPolicy: 'Delete' }))
    await eventually(async () => {
      const ready = conditionOf(await world.tenant(), 'Ready')
      expect(ready).to.include({ status: 'False', reason: 'Conflict' })
      expect(ready?.message).to.contain('selfrag.io/adopt')
    })
    await patch({ metadata: { annotations: { 'selfrag.io/adopt': 'true' } } })
    await eventually(async () => {
      const ready = conditionOf(await world.tenant(), 'Ready')
      expect(ready).to.include({ status: 'False', reason: 'Unrepairable' })
      expect(ready?.message).to.contain('schema tenant_acme is gone')
    })
    await world.client.delete(types.tenants, (await world.tenant()).metadata)
    await isGone()
    expect(await world.vectors.count(scopeOf(row), { all: true })).to.equal(0)
    expect(await world.sql('selfrag.tenants')).to.deep.equal([])
    await world.create(tenantManifest())
    await world.becomesReady()
  })

  it('that was forced before anything was erased is a Conflict for the next one, until it adopts', async () => {
    const row = await prepare()
    await world.stopOperators()
    await patch({ metadata: { finalizers: [] } })
    await world.client.delete(types.tenants, (await world.tenant()).metadata)
    await isGone()
    await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.create(tenantManifest())
    await eventually(async () => expect(conditionOf(await world.tenant(), 'Ready')).to.include({ status: 'False', reason: 'Conflict' })) // prettier-ignore
    await patch({ metadata: { annotations: { 'selfrag.io/adopt': 'true' } } })
    await world.becomesReady()
    expect((await rowOf()).id).to.equal(row.id)
    expect(await world.vectors.count(scopeOf(row), { all: true })).to.equal(POINTS)
  })
})
