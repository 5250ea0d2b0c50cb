import { expect } from 'chai'
import type { Knex } from 'knex'
import { before, describe, it } from 'mocha'
import { observeTenant } from '../../../api/provisioning/observe-tenant.ts'
import { findTenantBySlug } from '../../../api/stores/postgres/tenants.ts'
import { dropProductSchemas } from '../../support/product-schemas.ts'
import {
  contextWith,
  kinds,
  MemoryVault,
  pipelineWith,
  planForTenant,
  provisionPipeline,
  provisionTenant,
  tenantOf,
} from '../../support/provisioning.ts'
import type { GetStores } from '../provisioning.ts'

export function tenantConflictContract(get: GetStores): void {
  describe('two who would own one tenant', () => {
    const pipeline = pipelineWith('conflicts')
    const context = contextWith(new MemoryVault())
    let database: Knex

    before(async () => {
      database = get().database
      await dropProductSchemas(database)
      await provisionPipeline(get(), pipeline)
    })

    it('gives the second resource a Conflict, and the first one loses nothing', async () => {
      const first = tenantOf(pipeline, 'twice')
      const second = {
        ...first,
        owner: { ...first.owner, uid: 'another', name: 'RagTenant/other/twice' },
        displayName: 'X',
      }
      await provisionTenant(get(), first, context)
      const plan = await provisionTenant(get(), second, contextWith(new MemoryVault()))
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles[0]).to.include({ reason: 'Conflict', area: 'tenant' })
      expect(plan.obstacles[0]?.message).to.include('RagTenant/default/twice')
      expect(await planForTenant(get(), first, context)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })

    it('lets one of two that start together have it', async () => {
      const first = tenantOf(pipeline, 'race', { apiKeys: [] })
      const second = { ...first, owner: { ...first.owner, uid: 'another', name: 'RagTenant/other/race' } }
      const plans = await Promise.all([first, second].map(desired => planForTenant(get(), desired, context)))
      expect(plans.map(plan => plan.obstacles)).to.deep.equal([[], []])
      const results = await Promise.allSettled([first, second].map(desired => provisionTenant(get(), desired, context)))
      expect(results.map(result => result.status)).to.include('fulfilled')
      const row = await findTenantBySlug(database, 'race')
      const loser = row?.owner.uid === 'another' ? first : second
      expect((await planForTenant(get(), loser, context)).obstacles[0]).to.include({ reason: 'Conflict' })
      const winner = loser === first ? second : first
      expect(await planForTenant(get(), winner, context)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })

    it('does not touch a schema that somebody else made', async () => {
      await database.raw('CREATE SCHEMA tenant_squatted')
      await database.raw('CREATE TABLE tenant_squatted.precious (id int)')
      const plan = await provisionTenant(get(), tenantOf(pipeline, 'squatted'), context)
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles[0]).to.include({ reason: 'Conflict', area: 'tenant' })
      expect(plan.obstacles[0]?.message).to.include('bears no ownership marker')
    })

    it('takes over a tenant of HTTP only when it adopts, with its data', async () => {
      const id = '11111111-1111-4111-8111-111111111111'
      const overHttp = tenantOf(pipeline, 'grown', {
        id,
        managedBy: 'api',
        owner: { cluster: 'api', uid: id },
        knowledgeBases: [],
        apiKeys: [],
      })
      await provisionTenant(get(), overHttp, context)
      expect((await findTenantBySlug(database, 'grown'))?.id).to.equal(id)
      const declared = tenantOf(pipeline, 'grown')
      const plan = await planForTenant(get(), declared, context)
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles[0]?.message).to.include('made over HTTP').and.to.include('selfrag.io/adopt')

      const vault = contextWith(new MemoryVault())
      const adopted = await provisionTenant(get(), { ...declared, adopt: true }, vault)
      expect(kinds(adopted)).to.include.members(['adopt-schema', 'take-tenant'])
      expect(adopted.drift).to.deep.equal([])
      // The annotation may go again: the marker is the resource's now.
      expect(await planForTenant(get(), declared, vault)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
      const observed = await observeTenant(get(), declared, vault.vault)
      expect(observed.row).to.deep.include({ id, managed_by: 'resource', owner: declared.owner })
      expect((await planForTenant(get(), overHttp, context)).obstacles[0]).to.include({ reason: 'Conflict' })
    })

    it('leaves the vectors of a tenant where they are with Auto, and has them moved otherwise', async () => {
      const shared = tenantOf(pipeline, 'settled', { isolation: 'Shared', apiKeys: [] })
      await provisionTenant(get(), shared, context)
      expect(kinds(await planForTenant(get(), { ...shared, isolation: 'Auto' }, context))).to.deep.equal([
        'update-tenant',
      ])
      const plan = await planForTenant(get(), { ...shared, isolation: 'Dedicated' }, context)
      expect(plan.steps).to.deep.include({ kind: 'begin-move', slug: 'settled', from: 'conflicts_shared', to: 'conflicts_t_settled' }) // prettier-ignore
    })
  })
}
