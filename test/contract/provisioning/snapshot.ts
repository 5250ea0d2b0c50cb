import { expect } from 'chai'
import { before, beforeEach, describe, it } from 'mocha'
import { archiveSchema, tenantSchema } from '../../../api/contract/names.ts'
import { applyPlan, applyStep } from '../../../api/provisioning/apply.ts'
import { listArchives } from '../../../api/provisioning/archive.ts'
import type { DesiredTenant, RemovalPolicy } from '../../../api/provisioning/desired.ts'
import { observeReceipt, observeTenantRemoval } from '../../../api/provisioning/observe-removal.ts'
import { planTenantRemoval } from '../../../api/provisioning/plan-removal.ts'
import { verifyIsolation } from '../../../api/provisioning/verify-isolation.ts'
import type { TenantRow } from '../../../api/stores/postgres/rows.ts'
import { describeTenantPlace } from '../../../api/stores/postgres/tenant-roles.ts'
import { inTenant, TenantScope } from '../../../api/stores/postgres/tenant-scope.ts'
import { findTenantBySlug } from '../../../api/stores/postgres/tenants.ts'
import type { VectorPoint } from '../../../api/stores/vectors/vector-store.ts'
import { VectorScope } from '../../../api/stores/vectors/vector-scope.ts'
import { fillTenant } from '../../support/filled-tenant.ts'
import { dropProductSchemas } from '../../support/product-schemas.ts'
import {
  contextWith,
  dyingContext,
  kinds,
  MemoryVault,
  pipelineWith,
  planForTenant,
  provisionPipeline,
  provisionTenant,
  tablesIn,
  tenantOf,
} from '../../support/provisioning.ts'
import type { GetStores } from '../provisioning.ts'

/** More than a page, so that there is a second one. */
const POINTS = 300

export function snapshotContract(get: GetStores): void {
  describe('a snapshot', () => {
    const pipeline = pipelineWith('snapshot')
    let slugs = 0
    let vault = new MemoryVault()

    before(async () => {
      await dropProductSchemas(get().database)
      await provisionPipeline(get(), pipeline)
    })
    beforeEach(() => {
      vault = new MemoryVault()
    })

    const next = (changes: Partial<DesiredTenant> = {}) => tenantOf(pipeline, `kept-${++slugs}`, changes)
    const removalOf = (desired: DesiredTenant, policy: RemovalPolicy) => ({
      slug: desired.slug,
      owner: desired.owner,
      policy,
      collectionPrefix: desired.collectionPrefix,
      keyNames: desired.apiKeys.map(key => key.name),
    })
    const planOf = async (desired: DesiredTenant, policy: RemovalPolicy) => {
      const removal = removalOf(desired, policy)
      return planTenantRemoval(removal, await observeTenantRemoval(get(), removal, vault))
    }
    const remove = async (desired: DesiredTenant, policy: RemovalPolicy) =>
      applyPlan(get(), await planOf(desired, policy), contextWith(vault))
    const pointsOf = async ({ id, collection }: Pick<TenantRow, 'id' | 'collection'>): Promise<VectorPoint[]> => {
      const exists = (await get().vectors.collections.resolve(collection)) !== null
      return exists ? get().vectors.page(new VectorScope(collection, id, 'all'), { after: null, limit: 1000 }) : []
    }
    /** The resource made anew, which asks for what was archived. */
    const anew = (desired: DesiredTenant, restore: string): DesiredTenant => ({
      ...desired,
      owner: { ...desired.owner, uid: `${desired.owner.uid}-anew` },
      restore,
    })
    const rowOf = async (slug: string) => {
      const row = await findTenantBySlug(get().database, slug)
      if (!row) throw new Error(`${slug} is not there`)
      return row
    }
    const settle = async (desired: DesiredTenant) => {
      for (let round = 0; round < 4; round++) {
        const plan = await provisionTenant(get(), desired, contextWith(vault))
        if (plan.steps.length === 0) return plan
      }
      return planForTenant(get(), desired, contextWith(vault))
    }
    const documentsOf = (row: TenantRow) => inTenant(get().database, new TenantScope(row), async ({ sql }) => sql<{ title: string }>('documents').pluck('title')) // prettier-ignore

    for (const isolation of ['Shared', 'Dedicated'] as const) {
      it(`keeps rows and points where no tenant can read them, and nothing else (${isolation})`, async () => {
        const desired = next({ isolation })
        const row = await fillTenant(get(), desired, vault, POINTS)
        await remove(desired, 'Snapshot')
        const { database, vectors } = get()
        const archive = archiveSchema(row.id)
        expect((await listArchives(database)).find(({ schema }) => schema === archive)?.about).to.deep.include({ slug: desired.slug, owner: desired.owner }) // prettier-ignore
        expect(await database('documents').withSchema(archive)).to.have.length(1)
        expect(await database('archived_points').withSchema(archive)).to.have.length(POINTS)
        expect(await pointsOf(row)).to.deep.equal([])
        expect(await findTenantBySlug(database, desired.slug)).to.equal(null)
        const place = await describeTenantPlace(database, desired.slug)
        expect([place.schemaExists, place.roleExists]).to.deep.equal([false, false])
        if (isolation === 'Dedicated') expect(await vectors.collections.resolve(row.collection)).to.equal(null)
        expect(vault.secrets.size).to.equal(0)
        expect((await planOf(desired, 'Snapshot')).steps).to.deep.equal([])
        expect(await observeReceipt(get(), desired.owner)).to.deep.include({
          points: POINTS,
          kept: { schema: archive, rows: 2, points: POINTS },
        })
        const other = next()
        await fillTenant(get(), other, new MemoryVault(), 1)
        expect((await verifyIsolation(get(), await rowOf(other.slug)))?.reached).to.deep.equal([])
      })

      it(`is put back into a tenant of the same name, points and all (${isolation})`, async () => {
        const desired = next({ isolation })
        const before = await fillTenant(get(), desired, vault, POINTS)
        const points = await pointsOf(before)
        await remove(desired, 'Snapshot')
        const wanted = anew(desired, archiveSchema(before.id))
        expect(await settle(wanted)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
        const row = await rowOf(desired.slug)
        expect(row.id).not.to.equal(before.id)
        expect(await pointsOf(row)).to.deep.equal(points)
        expect(await documentsOf(row)).to.deep.equal(['T'])
        expect(await tablesIn(get().database, tenantSchema(desired.slug))).not.to.include('archived_points')
        expect(vault.secrets.size).to.equal(2)
        expect((await verifyIsolation(get(), row))?.reached).to.deep.equal([])
        expect((await listArchives(get().database)).map(({ schema }) => schema)).not.to.include(archiveSchema(before.id)) // prettier-ignore
        // And again, as another tenant has another archive.
        await remove(wanted, 'Snapshot')
        expect((await listArchives(get().database)).map(({ schema }) => schema)).to.include(archiveSchema(row.id))
      })
    }

    it('comes to the same end after a crash at any step, on the way there and back', async () => {
      const steps = 7
      for (let crash = 0; crash < steps; crash++) {
        vault = new MemoryVault()
        const desired = next()
        const row = await fillTenant(get(), desired, vault, 5)
        const plan = await planOf(desired, 'Snapshot')
        expect(kinds(plan)).to.deep.equal(['forget-secrets', 'disable-tenant', 'archive-schema', 'drop-role', 'archive-points', 'delete-points', 'delete-tenant']) // prettier-ignore
        for (const step of plan.steps.slice(0, crash)) await applyStep(get(), step, contextWith(vault))
        const step = plan.steps[crash]
        if (step) await applyStep(get(), step, dyingContext(contextWith(vault))).catch(() => undefined)
        await remove(desired, 'Snapshot')
        const told = `crash at ${step?.kind}`
        expect(await observeReceipt(get(), desired.owner), told).to.deep.include({ points: 5, kept: { schema: archiveSchema(row.id), rows: 2, points: 5 } }) // prettier-ignore

        const wanted = anew(desired, archiveSchema(row.id))
        const back = await planForTenant(get(), wanted, contextWith(vault))
        expect(kinds(back)).to.deep.equal(['create-role', 'restore-schema', 'migrate-tenant-schema', 'create-tenant'])
        for (const one of back.steps.slice(0, crash % 4)) await applyStep(get(), one, contextWith(vault))
        const dying = back.steps[crash % 4]
        if (dying) await applyStep(get(), dying, dyingContext(contextWith(vault))).catch(() => undefined)
        expect((await settle(wanted)).steps, told).to.deep.equal([])
        expect(await pointsOf(await rowOf(desired.slug)), told).to.have.length(5)
      }
    })

    it('goes on with the points where a store that went away has left it, there and back', async () => {
      const desired = next()
      const before = await fillTenant(get(), desired, vault, POINTS)
      const points = await pointsOf(before)
      const { database, vectors } = get()
      /** Fails at the second page. */
      const failing = (method: 'page' | 'upsert') => {
        let calls = 0
        return new Proxy(vectors, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name, target)
            if (typeof value !== 'function') return value
            return (...given: unknown[]) => {
              if (name === method && ++calls === 2) throw new Error('away')
              return (value as (...all: unknown[]) => unknown).apply(target, given)
            }
          },
        })
      }
      const removal = removalOf(desired, 'Snapshot')
      const cutOff = async () =>
        applyPlan({ database, vectors: failing('page') }, planTenantRemoval(removal, await observeTenantRemoval(get(), removal, vault)), contextWith(vault)) // prettier-ignore
      expect(await cutOff().catch((error: Error) => error.message)).to.equal('away')
      expect(await database('archived_points').withSchema(archiveSchema(before.id))).to.have.length(256)
      expect(await pointsOf(before), 'none is deleted before all are kept').to.have.length(POINTS)
      await remove(desired, 'Snapshot')

      const wanted = anew(desired, archiveSchema(before.id))
      await provisionTenant(get(), wanted, contextWith(vault))
      const restoring = await planForTenant(get(), wanted, contextWith(vault))
      expect(kinds(restoring)[0]).to.equal('restore-points')
      const broken = applyPlan({ database, vectors: failing('upsert') }, restoring, contextWith(vault))
      expect(await broken.catch((error: Error) => error.message)).to.equal('away')
      expect(await pointsOf(await rowOf(desired.slug))).to.have.length(256)
      expect((await settle(wanted)).steps).to.deep.equal([])
      expect(await pointsOf(await rowOf(desired.slug))).to.deep.equal(points)
    })

    it('keeps the points also of a tenant whose schema was lost', async () => {
      const desired = next()
      const row = await fillTenant(get(), desired, vault, 3)
      const { role } = await describeTenantPlace(get().database, desired.slug)
      await get().database.transaction(async sql => {
        await sql.raw(`SET LOCAL ROLE "${role}"`)
        await sql.raw(`DROP SCHEMA "${tenantSchema(desired.slug)}" CASCADE`)
      })
      await remove(desired, 'Snapshot')
      expect(await get().database('archived_points').withSchema(archiveSchema(row.id))).to.have.length(3)
    })

    describe('is not given', () => {
      const refusal = async (desired: DesiredTenant) => {
        const { steps, obstacles } = await planForTenant(get(), desired, contextWith(vault))
        expect(steps).to.deep.equal([])
        return obstacles[0]
      }
      let taken: DesiredTenant
      let archive: string
      before(async () => {
        taken = next()
        archive = archiveSchema((await fillTenant(get(), taken, new MemoryVault(), 1)).id)
        await applyPlan(get(), await planOf(taken, 'Snapshot'), contextWith(new MemoryVault()))
      })

      it('to a resource of another name, namespace or cluster, even if it adopts', async () => {
        for (const owner of [
          { ...taken.owner, uid: 'x', name: `RagTenant/elsewhere/${taken.slug}` },
          { ...taken.owner, uid: 'x', cluster: 'another-cluster' },
          { cluster: taken.owner.cluster, uid: 'x' },
        ])
          expect((await refusal({ ...taken, owner, restore: archive, adopt: true }))?.message).to.contain(`there is no snapshot ${archive} of this resource`) // prettier-ignore
      })

      it('under a name that there is none of, and those that there are, are named', async () => {
        const refused = await refusal(anew(taken, 'snapshot_nowhere'))
        expect(refused).to.include({ reason: 'Unrepairable', area: 'tenant' })
        expect(refused?.message).to.contain(`there is ${archive} of 20`)
        const schema = await refusal(anew(taken, 'selfrag'))
        expect(schema?.message).to.contain('there is no snapshot selfrag')
      })

      it('to a pipeline with another embedding model', async () => {
        const space = { model: 'another', dimension: 4, distance: 'cosine', analyzer: '1' } as const
        const refused = await refusal({ ...anew(taken, archive), vectors: { ...taken.vectors, space } })
        expect(refused?.message).to.match(
          /holds vectors of the embedding generation [0-9a-f]{16}, and the pipeline has/,
        )
      })

      it('twice: whoever is there already keeps what it has', async () => {
        expect((await settle(anew(taken, archive))).steps).to.deep.equal([])
        expect((await settle(anew(taken, 'snapshot_nowhere'))).obstacles).to.deep.equal([])
      })
    })

    it('goes with the tenant that is deleted for good, and is counted', async () => {
      const desired = next()
      const first = await fillTenant(get(), desired, vault, 4)
      await remove(desired, 'Snapshot')
      const second = { ...desired, owner: { ...desired.owner, uid: 'the-second' } }
      await fillTenant(get(), second, vault, 2)
      const neighbour = next()
      await fillTenant(get(), neighbour, new MemoryVault(), 1)
      await remove(neighbour, 'Snapshot')
      await remove(second, 'Delete')
      const left = (await listArchives(get().database)).map(({ about }) => about.slug)
      expect(left).to.include(neighbour.slug).and.not.include(desired.slug)
      expect(await tablesIn(get().database, archiveSchema(first.id))).to.equal(undefined)
      // Five of its own, a knowledge base and a document in the archive.
      expect(await observeReceipt(get(), second.owner)).to.deep.include({
        rows: 7,
        points: 2,
        snapshots: 1,
        kept: null,
      })
    })
  })
}
