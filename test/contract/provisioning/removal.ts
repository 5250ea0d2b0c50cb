import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { dedicatedCollection } from '../../../api/contract/names.ts'
import { applyPlan, applyStep } from '../../../api/provisioning/apply.ts'
import type { DesiredTenant, RemovalPolicy, TenantRemoval } from '../../../api/provisioning/desired.ts'
import {
  observePipelineRemoval,
  observeReceipt,
  observeTenantRemoval,
} from '../../../api/provisioning/observe-removal.ts'
import { planPipelineRemoval, planTenantRemoval } from '../../../api/provisioning/plan-removal.ts'
import { describeTenantPlace } from '../../../api/stores/postgres/tenant-roles.ts'
import { findTenantBySlug } from '../../../api/stores/postgres/tenants.ts'
import { VectorScope } from '../../../api/stores/vectors/vector-scope.ts'
import { fillTenant } from '../../support/filled-tenant.ts'
import { dropProductSchemas } from '../../support/product-schemas.ts'
import {
  contextWith,
  dyingContext,
  kinds,
  MemoryVault,
  pipelineWith,
  planForPipeline,
  planForTenant,
  provisionPipeline,
  provisionTenant,
  tablesIn,
  tenantOf,
} from '../../support/provisioning.ts'
import type { GetStores } from '../provisioning.ts'

const POINTS = 7
/** One knowledge base, one document, the tenant's row and its two keys. */
const ROWS = 5

export function removalContract(get: GetStores): void {
  describe('removal', () => {
    const pipeline = pipelineWith('removal')

    before(async () => {
      await dropProductSchemas(get().database)
      await provisionPipeline(get(), pipeline)
    })

    const removalOf = (desired: DesiredTenant, policy: RemovalPolicy): TenantRemoval => ({
      slug: desired.slug,
      owner: desired.owner,
      policy,
      collectionPrefix: desired.collectionPrefix,
      keyNames: desired.apiKeys.map(key => key.name),
    })
    const planOf = async (removal: TenantRemoval, vault: MemoryVault) =>
      planTenantRemoval(removal, await observeTenantRemoval(get(), removal, vault))

    const fill = async (desired: DesiredTenant, vault: MemoryVault) =>
      (await fillTenant(get(), desired, vault, POINTS)).id

    const pointsOf = (id: string, collection: string) =>
      get().vectors.count(new VectorScope(collection, id, 'all'), { all: true })

    /** What is left of a tenant: must be nothing. */
    async function traces(slug: string, id: string): Promise<string[]> {
      const { database, vectors } = get()
      const place = await describeTenantPlace(database, slug)
      const own = dedicatedCollection('removal', slug)
      const left = [
        place.schemaExists && 'schema',
        place.roleExists && 'role',
        (await pointsOf(id, 'removal_shared')) > 0 && 'points',
        (await vectors.collections.list(own)).length > 0 && 'collection',
        (await vectors.collections.resolve(own)) !== null && 'alias',
      ]
      for (const [table, column] of [
        ['tenants', 'id'],
        ['api_keys', 'tenant_id'],
        ['jobs', 'tenant_id'],
      ] as const)
        // prettier-ignore
        if ((await database(table).withSchema('selfrag').where(column, id).first('id')) !== undefined) left.push(table)
      const generations = await database('embedding_generations').withSchema('selfrag').where({ alias: own })
      if (generations.length > 0) left.push('generations')
      return left.filter(trace => trace !== false)
    }

    for (const isolation of ['Shared', 'Dedicated'] as const) {
      it(`with Delete leaves nothing and says exactly what was erased (${isolation})`, async () => {
        const desired = tenantOf(pipeline, `gone-${isolation.toLowerCase()}`, { isolation })
        const neighbour = tenantOf(pipeline, `stays-${isolation.toLowerCase()}`)
        const vault = new MemoryVault()
        const id = await fill(desired, vault)
        const neighbourId = await fill(neighbour, new MemoryVault())
        const removal = removalOf(desired, 'Delete')
        const erased = await applyPlan(get(), await planOf(removal, vault), contextWith(vault))
        expect(erased).to.deep.equal({ rows: ROWS, points: POINTS, snapshots: 0 })
        expect(await observeReceipt(get(), desired.owner)).to.deep.include({
          rows: ROWS,
          points: POINTS,
          snapshots: 0,
          kept: null,
        })
        expect(await traces(desired.slug, id)).to.deep.equal([])
        expect(vault.secrets.size).to.equal(0)
        expect((await planOf(removal, vault)).steps).to.deep.equal([])
        expect(await pointsOf(neighbourId, 'removal_shared')).to.equal(POINTS)
        const log = await get()
          .database('audit_log')
          .withSchema('selfrag')
          .where({ tenant_id: id, action: 'delete-tenant' })
        expect(log).to.have.length(1)
      })

      it(`with Delete comes to the same end after a crash at any step (${isolation})`, async () => {
        const steps = isolation === 'Dedicated' ? 7 : 6
        for (let crash = 0; crash < steps; crash++)
          for (const dying of [false, true]) {
            const slug = `del-${isolation.toLowerCase()}-${crash}${dying ? 'd' : 'c'}`
            const desired = tenantOf(pipeline, slug, { isolation })
            const vault = new MemoryVault()
            const id = await fill(desired, vault)
            const removal = removalOf(desired, 'Delete')
            const plan = await planOf(removal, vault)
            expect(plan.steps).to.have.length(steps)
            const context = contextWith(vault)
            for (const step of plan.steps.slice(0, crash)) await applyStep(get(), step, context)
            const step = plan.steps[crash]
            if (step && dying)
              expect(
                await applyStep(get(), step, dyingContext(context)).catch((error: Error) => error),
              ).to.be.instanceOf(Error)
            await applyPlan(get(), await planOf(removal, vault), context)
            expect(await traces(slug, id), `crash at ${step?.kind}`).to.deep.equal([])
            expect(vault.secrets.size).to.equal(0)
            const receipt = await observeReceipt(get(), desired.owner)
            expect(receipt, `crash at ${step?.kind}`).to.deep.include({ rows: ROWS, points: POINTS, snapshots: 0 })
          }
      })
    }

    for (const isolation of ['Shared', 'Dedicated'] as const)
      it(`counts points that were deleted before the process died as well (${isolation})`, async () => {
        const desired = tenantOf(pipeline, `died-${isolation.toLowerCase()}`, { isolation })
        const vault = new MemoryVault()
        const id = await fill(desired, vault)
        const { database, vectors } = get()
        const dead = new Error('died after deleting')
        const dying = Object.assign(Object.create(vectors) as typeof vectors, {
          delete: async (...given: Parameters<typeof vectors.delete>) => {
            await vectors.delete(...given)
            throw dead
          },
          count: vectors.count.bind(vectors),
        })
        const removal = removalOf(desired, 'Delete')
        const cutOff = await applyPlan({ database, vectors: dying }, await planOf(removal, vault), contextWith(vault)).catch((error: Error) => error) // prettier-ignore
        expect(cutOff).to.equal(dead)
        const rest = await applyPlan(get(), await planOf(removal, vault), contextWith(vault))
        expect(rest.points).to.equal(0)
        expect(await traces(desired.slug, id)).to.deep.equal([])
        expect(await observeReceipt(get(), desired.owner)).to.deep.include({ rows: ROWS, points: POINTS })
      })

    it('with Retain keeps everything, disabled, and the resource takes it back when it is created again', async () => {
      const desired = tenantOf(pipeline, 'kept', { isolation: 'Dedicated' })
      const vault = new MemoryVault()
      const id = await fill(desired, vault)
      const removal = removalOf(desired, 'Retain')
      const erased = await applyPlan(get(), await planOf(removal, vault), contextWith(vault))
      expect(erased).to.deep.equal({ rows: 0, points: 0, snapshots: 0 })
      expect((await planOf(removal, vault)).steps).to.deep.equal([])
      const released = await findTenantBySlug(get().database, 'kept')
      expect(released).to.include({ id, status: 'disabled', managed_by: 'api' })
      const working = await get().database('api_keys').withSchema('selfrag').where({ tenant_id: id, revoked_at: null })
      expect(working).to.deep.equal([])
      expect(await pointsOf(id, released?.collection ?? '')).to.equal(POINTS)

      const stranger = { ...desired, owner: { ...desired.owner, uid: 'new', name: 'RagTenant/elsewhere/kept' } }
      expect((await planForTenant(get(), stranger, contextWith(vault))).obstacles[0]).to.include({ reason: 'Conflict' })

      const recreated = { ...desired, owner: { ...desired.owner, uid: 'uid-of-the-new-one' } }
      const plan = await provisionTenant(get(), recreated, contextWith(vault))
      expect(plan.obstacles).to.deep.equal([])
      expect(kinds(plan)).to.deep.equal([
        ...['adopt-schema', 'adopt-collection', 'take-tenant', 'update-tenant'],
        ...['update-knowledge-base', 'mint-key', 'mint-key'],
      ])
      expect(await planForTenant(get(), recreated, contextWith(vault))).to.deep.equal({
        steps: [],
        obstacles: [],
        drift: [],
      })
      const row = await findTenantBySlug(get().database, 'kept')
      expect(row).to.include({ id, status: 'active', managed_by: 'resource', released_at: null })
      expect(await pointsOf(id, row?.collection ?? '')).to.equal(POINTS)
    })

    it('is taken back also when taking it back crashes at any step', async () => {
      for (let crash = 0; crash < 7; crash++) {
        const desired = tenantOf(pipeline, `kept-${crash}`, { isolation: 'Dedicated' })
        const vault = new MemoryVault()
        await provisionTenant(get(), desired, contextWith(vault))
        await applyPlan(get(), await planOf(removalOf(desired, 'Retain'), vault), contextWith(vault))
        const recreated = { ...desired, owner: { ...desired.owner, uid: 'uid-of-the-new-one' } }
        const plan = await planForTenant(get(), recreated, contextWith(vault))
        for (const step of plan.steps.slice(0, crash)) await applyStep(get(), step, contextWith(vault))
        await provisionTenant(get(), recreated, contextWith(vault))
        const after = await planForTenant(get(), recreated, contextWith(vault))
        expect(after, `crash at ${plan.steps[crash]?.kind}`).to.deep.equal({ steps: [], obstacles: [], drift: [] })
      }
    })

    it('is not taken back from an administrator who enabled it over HTTP', async () => {
      const desired = tenantOf(pipeline, 'claimed', { apiKeys: [] })
      const vault = new MemoryVault()
      await provisionTenant(get(), desired, contextWith(vault))
      await applyPlan(get(), await planOf(removalOf(desired, 'Retain'), vault), contextWith(vault))
      await get().database('tenants').withSchema('selfrag').where({ slug: 'claimed' }).update({ status: 'active' })
      const recreated = { ...desired, owner: { ...desired.owner, uid: 'new' } }
      expect((await planForTenant(get(), recreated, contextWith(vault))).obstacles[0]).to.include({
        reason: 'Conflict',
      })
    })

    it('of a resource that never had the tenant touches nothing', async () => {
      const desired = tenantOf(pipeline, 'owned')
      const vault = new MemoryVault()
      const id = await fill(desired, vault)
      for (const policy of ['Retain', 'Snapshot', 'Delete'] as const) {
        const intruder = { ...removalOf(desired, policy), owner: { ...desired.owner, uid: 'intruder' } }
        expect((await planOf(intruder, new MemoryVault())).steps).to.deep.equal([])
      }
      expect(await pointsOf(id, 'removal_shared')).to.equal(POINTS)
    })

    it('of what was never provisioned does nothing', async () => {
      const removal = removalOf(tenantOf(pipeline, 'never'), 'Delete')
      expect(await planOf(removal, new MemoryVault())).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })

    it('of a pipeline waits for its tenants, then leaves nothing', async () => {
      await dropProductSchemas(get().database)
      const demo = pipelineWith('leaving')
      await provisionPipeline(get(), demo)
      const tenant = tenantOf(demo, 'last')
      const vault = new MemoryVault()
      await provisionTenant(get(), tenant, contextWith(vault))
      const removal = { owner: demo.owner, policy: 'Delete', collectionPrefix: 'leaving' } as const
      const plan = async () => planPipelineRemoval(removal, await observePipelineRemoval(get(), removal))
      const waiting = await plan()
      expect(waiting.steps).to.deep.equal([])
      expect(waiting.obstacles[0]).to.include({ reason: 'Waiting' })
      expect(waiting.obstacles[0]?.message).to.include('last')

      const gone: TenantRemoval = { ...removalOf(tenant, 'Delete'), collectionPrefix: 'leaving' }
      await applyPlan(get(), await planOf(gone, vault), contextWith(vault))
      expect(kinds(await plan())).to.deep.equal(['delete-collection', 'drop-control-schema'])
      await applyPlan(get(), await plan(), contextWith(vault))
      expect((await plan()).steps).to.deep.equal([])
      expect(await get().vectors.collections.list('leaving')).to.deep.equal([])
      expect(await tablesIn(get().database, 'selfrag')).to.equal(undefined)
    })

    it('of a pipeline with Retain keeps all, and the pipeline takes it back when it is created again', async () => {
      await dropProductSchemas(get().database)
      const demo = pipelineWith('staying')
      await provisionPipeline(get(), demo)
      const removal = { owner: demo.owner, policy: 'Retain', collectionPrefix: 'staying' } as const
      const plan = async () => planPipelineRemoval(removal, await observePipelineRemoval(get(), removal))
      await applyPlan(get(), await plan(), contextWith(new MemoryVault()))
      expect((await plan()).steps).to.deep.equal([])
      const other = { ...demo, owner: { ...demo.owner, uid: 'new', name: 'RagPipeline/default/other' } }
      expect((await planForPipeline(get(), other)).obstacles[0]).to.include({ reason: 'Conflict' })
      const recreated = { ...demo, owner: { ...demo.owner, uid: 'new' } }
      const back = await planForPipeline(get(), recreated)
      expect(kinds(back)).to.deep.equal(['adopt-collection', 'adopt-schema'])
      // A crash in between does not strand the schema with the old owner's marker.
      for (const step of back.steps.slice(0, 1)) await applyStep(get(), step, contextWith(new MemoryVault()))
      await provisionPipeline(get(), recreated)
      expect(await planForPipeline(get(), recreated)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })
  })
}
