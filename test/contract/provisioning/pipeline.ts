import { expect } from 'chai'
import { describe, it } from 'mocha'
import { generationName, sharedCollection } from '../../../api/contract/names.ts'
import { applyStep } from '../../../api/provisioning/apply.ts'
import { collectionSpec } from '../../../api/provisioning/collection-spec.ts'
import { activeGeneration } from '../../../api/stores/postgres/embedding-generations.ts'
import { dropProductSchemas } from '../../support/product-schemas.ts'
import {
  contextWith,
  dyingContext,
  kinds,
  MemoryVault,
  pipelineWith,
  planForPipeline,
  provisionPipeline,
} from '../../support/provisioning.ts'
import type { GetStores } from '../provisioning.ts'

/** Runs first of the suites: it drops what the database has. */
export function pipelineContract(get: GetStores): void {
  describe('a pipeline', () => {
    const everything = ['migrate-control-schema', 'create-collection', 'record-generation', 'set-alias']

    it('is made from nothing, and then there is nothing to do', async () => {
      const desired = pipelineWith('first')
      const plan = await provisionPipeline(get(), desired)
      expect(kinds(plan)).to.deep.equal(everything)
      expect(await planForPipeline(get(), desired)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
      const state = await get().vectors.collections.describe('first_shared')
      expect(state).to.deep.include({ name: 'first_shared_g1', owner: desired.owner, tenancy: 'shared', points: 0 })
      expect(state?.dense).to.deep.equal({ dimension: 4, distance: 'cosine' })
      expect(await activeGeneration(get().database, 'first_shared')).to.include({
        collection: 'first_shared_g1',
        model: 'test-model',
        dimension: 4,
        fingerprint: state?.fingerprint,
      })
    })

    it('converges after a crash between and in the middle of any two steps', async () => {
      for (const crash of everything.keys())
        for (const context of [contextWith(new MemoryVault()), dyingContext(contextWith(new MemoryVault()))]) {
          await dropProductSchemas(get().database)
          const desired = pipelineWith(`crash${crash}${context.actor.type}`)
          const plan = await planForPipeline(get(), desired)
          for (const step of plan.steps.slice(0, crash)) await applyStep(get(), step, contextWith(new MemoryVault()))
          const step = plan.steps[crash]
          if (step && context.actor.name === null)
            expect(await applyStep(get(), step, context).catch((error: Error) => error)).to.be.instanceOf(Error)
          await provisionPipeline(get(), desired)
          const again = await planForPipeline(get(), desired)
          expect(again, `crash at ${plan.steps[crash]?.kind}`).to.deep.equal({ steps: [], obstacles: [], drift: [] })
          const alias = sharedCollection(desired.collectionPrefix)
          expect(await get().vectors.collections.list(alias)).to.deep.equal([`${alias}_g1`])
        }
    })

    it('takes nothing that bears another marker, unless it adopts', async () => {
      const desired = pipelineWith('mine')
      await dropProductSchemas(get().database)
      await provisionPipeline(get(), desired)
      const stranger = { ...desired, owner: { ...desired.owner, uid: 'another' } }
      const plan = await planForPipeline(get(), stranger)
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles).to.have.length(1)
      expect(plan.obstacles[0]).to.include({ reason: 'Conflict', area: 'database' })
      expect(plan.obstacles[0]?.message).to.include('RagPipeline/default/demo').and.to.include('selfrag.io/adopt')

      const adopted = await provisionPipeline(get(), { ...stranger, adopt: true })
      expect(kinds(adopted)).to.deep.equal(['adopt-collection', 'adopt-schema'])
      expect(kinds(await planForPipeline(get(), { ...stranger, adopt: true }))).to.deep.equal([])
      expect((await planForPipeline(get(), desired)).obstacles[0]).to.include({ reason: 'Conflict' })
      await provisionPipeline(get(), { ...desired, adopt: true })
    })

    it('meets a collection of somebody else with a Conflict', async () => {
      const desired = pipelineWith('taken')
      await dropProductSchemas(get().database)
      const spec = collectionSpec(desired.vectors, 'shared', { cluster: 'elsewhere', uid: 'x' })
      await get().vectors.collections.create(generationName('taken_shared', 1), spec)
      const plan = await planForPipeline(get(), desired)
      expect(kinds(plan)).to.deep.equal(['migrate-control-schema'])
      expect(plan.obstacles[0]).to.include({ reason: 'Conflict', area: 'vectors' })
      await provisionPipeline(get(), { ...desired, adopt: true })
      expect(await planForPipeline(get(), desired)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })

    it('repairs what was changed behind its back, and tells it', async () => {
      const desired = pipelineWith('drift')
      await dropProductSchemas(get().database)
      await provisionPipeline(get(), desired)
      const { collections } = get().vectors
      await get().dropIndex('drift_shared_g1')
      await collections.setHnsw('drift_shared_g1', { m: 8, efConstruct: 50, fullScanThreshold: 10_000 })
      await collections.deleteAlias('drift_shared')
      const plan = await provisionPipeline(get(), desired)
      expect(kinds(plan)).to.deep.equal(['create-payload-index', 'set-hnsw', 'set-alias'])
      expect(plan.drift.map(drift => [drift.field, drift.found])).to.deep.equal([
        ['payload index kb_id', 'missing'],
        ['hnsw', 'm 8, efConstruct 50, fullScanThreshold 10000'],
        ['alias drift_shared', 'missing'],
      ])
      expect(await planForPipeline(get(), desired)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })

    it('makes a collection anew that somebody deleted, and says that its documents are gone', async () => {
      const desired = pipelineWith('drift')
      await get().vectors.collections.delete('drift_shared_g1')
      const plan = await provisionPipeline(get(), desired)
      expect(kinds(plan)).to.deep.equal(['create-collection', 'set-alias'])
      expect(plan.drift[0]?.found).to.include('reprocessed')
      expect(await planForPipeline(get(), desired)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })

    it('leaves a collection of another model alone', async () => {
      const desired = pipelineWith('drift')
      const other = { model: 'other-model', dimension: 8, distance: 'cosine', analyzer: '1' } as const
      const changed = { ...desired, vectors: { ...desired.vectors, space: other } }
      const plan = await provisionPipeline(get(), changed)
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles[0]).to.include({ reason: 'Unrepairable', area: 'vectors' })
      expect(plan.obstacles[0]?.message).to.include('vector size is 4, wanted 8').and.to.include('collectionPrefix')
      expect((await get().vectors.collections.describe('drift_shared'))?.dense?.dimension).to.equal(4)
    })

    it('works without an embedding model', async () => {
      const lexical = pipelineWith('lexical')
      const desired = { ...lexical, vectors: { ...lexical.vectors, space: null } }
      await dropProductSchemas(get().database)
      await provisionPipeline(get(), desired)
      expect(await planForPipeline(get(), desired)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
      expect((await get().vectors.collections.describe('lexical_shared'))?.dense).to.equal(null)
    })
  })
}
