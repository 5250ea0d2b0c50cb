import { expect } from 'chai'
import { describe, it } from 'mocha'
import { hashApiKey, isApiKey } from '../../../api/contract/api-key.ts'
import { applyStep } from '../../../api/provisioning/apply.ts'
import { observeTenant } from '../../../api/provisioning/observe-tenant.ts'
import { findTenantBySlug } from '../../../api/stores/postgres/tenants.ts'
import { dropProductSchemas } from '../../support/product-schemas.ts'
import {
  comparable,
  contextWith,
  dyingContext,
  kinds,
  MemoryVault,
  pipelineWith,
  planForTenant,
  provisionPipeline,
  provisionTenant,
  tenantOf,
} from '../../support/provisioning.ts'
import type { GetStores } from '../provisioning.ts'

const done = { steps: [], obstacles: [], drift: [] }

export function tenantContract(get: GetStores): void {
  describe('a tenant', () => {
    const pipeline = pipelineWith('tenants')
    const isolations = ['Auto', 'Dedicated'] as const

    it('waits for its pipeline', async () => {
      await dropProductSchemas(get().database)
      const plan = await planForTenant(get(), tenantOf(pipeline, 'early'), contextWith(new MemoryVault()))
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles[0]).to.include({ reason: 'Waiting', area: 'database' })
      await provisionPipeline(get(), pipeline)
    })

    for (const isolation of isolations) {
      const desired = tenantOf(pipeline, `new-${isolation.toLowerCase()}`, { isolation })

      it(`is made from nothing with isolation ${isolation}, and then there is nothing to do`, async () => {
        const vault = new MemoryVault()
        const context = contextWith(vault)
        const plan = await provisionTenant(get(), desired, context)
        const own = isolation === 'Dedicated' ? ['create-collection', 'record-generation', 'set-alias'] : []
        expect(kinds(plan)).to.deep.equal([
          ...['create-role', 'create-schema', 'migrate-tenant-schema', ...own, 'create-tenant'],
          ...['create-knowledge-base', 'mint-key', 'mint-key'],
        ])
        expect(plan.drift).to.deep.equal([])
        expect(await planForTenant(get(), desired, context)).to.deep.equal(done)
        const observed = await observeTenant(get(), desired, vault)
        expect(observed.schema).to.deep.include({ exists: true, marker: desired.owner, public: false, strayTables: [] })
        expect(observed.role).to.deep.include({ exists: true, granted: true, excess: [] })
        const [kb] = observed.knowledgeBases ?? []
        const reader = observed.keys.find(key => key.name === 'reader')
        expect(kb).to.deep.include({ name: 'handbook', managed_by: 'resource', chunking: { chunkSize: 500 } })
        expect(reader?.scope_kb_ids).to.deep.equal([kb?.id])
        expect(isApiKey(vault.secrets.get('reader') ?? '')).to.equal(true)
        expect(reader?.hash).to.equal(hashApiKey(vault.secrets.get('reader') ?? ''))
      })

      it(`converges to the same after a crash between and in the middle of any two steps (${isolation})`, async () => {
        const vault = new MemoryVault()
        await provisionTenant(get(), desired, contextWith(vault))
        const expected = comparable(await observeTenant(get(), desired, vault))
        const steps = isolation === 'Dedicated' ? 10 : 7
        for (let crash = 0; crash < steps; crash++)
          for (const dying of [false, true]) {
            const slug = `crash-${isolation.toLowerCase()}-${crash}${dying ? 'd' : 'c'}`
            const own = new MemoryVault()
            const context = contextWith(own)
            const crashing = tenantOf(pipeline, slug, { isolation })
            const plan = await planForTenant(get(), crashing, context)
            expect(plan.steps).to.have.length(steps)
            for (const step of plan.steps.slice(0, crash)) await applyStep(get(), step, context)
            const step = plan.steps[crash]
            if (step && dying)
              expect(
                await applyStep(get(), step, dyingContext(context)).catch((error: Error) => error),
              ).to.be.instanceOf(Error)
            await provisionTenant(get(), crashing, context)
            const where = `${dying ? 'in' : 'before'} ${step?.kind}`
            expect(await planForTenant(get(), crashing, context), where).to.deep.equal(done)
            expect(comparable(await observeTenant(get(), crashing, own)), where).to.deep.equal(expected)
          }
      })
    }

    it('is looked at without a single write', async () => {
      const desired = tenantOf(pipeline, 'new-auto')
      const context = contextWith(new MemoryVault())
      await provisionTenant(get(), desired, context)
      const writes: string[] = []
      const listen = ({ sql }: { sql: string }) => {
        if (!/^\s*(select|with|begin|commit)/i.test(sql)) writes.push(sql)
      }
      get().database.on('query', listen)
      expect(await planForTenant(get(), desired, context)).to.deep.equal(done)
      get().database.removeListener('query', listen)
      expect(writes.map(sql => sql.slice(0, 20))).to.deep.equal([])
    })

    it('follows its resource', async () => {
      const context = contextWith(new MemoryVault())
      const desired = tenantOf(pipeline, 'changing')
      await provisionTenant(get(), desired, context)
      const changed = {
        ...desired,
        displayName: 'Changed',
        disabled: true,
        quotas: { ...desired.quotas, documents: 5 },
        knowledgeBases: [{ name: 'handbook', description: 'New', chunking: {}, retrieval: { topK: 9 } }],
      }
      const plan = await provisionTenant(get(), changed, context)
      expect(plan.steps.map(step => ('changed' in step ? [step.kind, ...step.changed] : step.kind))).to.deep.equal([
        ['update-tenant', 'display_name', 'status', 'quotas'],
        ['update-knowledge-base', 'description', 'chunking', 'retrieval'],
      ])
      expect(plan.drift).to.deep.equal([])
      expect(await planForTenant(get(), changed, context)).to.deep.equal(done)
      const row = await findTenantBySlug(get().database, 'changing')
      expect(row).to.deep.include({ display_name: 'Changed', status: 'disabled', quotas: changed.quotas })
    })

    it('releases a knowledge base that is no longer declared, and takes it back when it is again', async () => {
      const context = contextWith(new MemoryVault())
      const desired = tenantOf(pipeline, 'releasing', { apiKeys: [] })
      await provisionTenant(get(), desired, context)
      const without = { ...desired, knowledgeBases: [] }
      expect(kinds(await provisionTenant(get(), without, context))).to.deep.equal(['release-knowledge-base'])
      const [released] = (await observeTenant(get(), without, context.vault)).knowledgeBases ?? []
      expect(released).to.include({ name: 'handbook', managed_by: 'api' })
      expect(await planForTenant(get(), without, context)).to.deep.equal(done)
      expect(kinds(await provisionTenant(get(), desired, context))).to.deep.equal(['update-knowledge-base'])
      const [taken] = (await observeTenant(get(), desired, context.vault)).knowledgeBases ?? []
      expect(taken).to.include({ id: released?.id, managed_by: 'resource' })
    })

    it('is twenty tenants at once', async () => {
      const context = contextWith(new MemoryVault())
      const all = Array.from({ length: 20 }, (_, index) => tenantOf(pipeline, `many-${index}`, { apiKeys: [] }))
      await Promise.all(all.map(desired => provisionTenant(get(), desired, context)))
      for (const desired of all) expect(await planForTenant(get(), desired, context)).to.deep.equal(done)
    })
  })
}
