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
      const { collections, engine } = get().vectors
      await get().meddle('drift_shared_g1', 'drop-index')
      await get().meddle('drift_shared_g1', 'retype-index')
      // With pgvector a shared collection has no graph.
      if (engine === 'qdrant') await get().meddle('drift_shared_g1', 'regraph')
      await collections.deleteAlias('drift_shared')
      const plan = await provisionPipeline(get(), desired)
      expect(kinds(plan)).to.deep.equal([
        ...['create-payload-index', 'create-payload-index'],
        ...(engine === 'qdrant' ? ['tune-collection'] : []),
        'set-alias',
      ])
      expect(plan.drift.map(drift => [drift.field, drift.found])).to.deep.equal([
        ['payload index kb_id', 'missing'],
        ['payload index document_id', engine === 'qdrant' ? 'integer' : 'hash (document_id)'],
        ...(engine === 'qdrant' ? [['hnsw', 'm 8, efConstruct 50, fullScanThreshold 10000']] : []),
        ['alias drift_shared', 'missing'],
      ])
      expect(plan.drift.flatMap(({ repair }) => repair)).to.deep.equal(plan.steps)
      expect(await planForPipeline(get(), desired)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })

    it('points an alias back that was pointed elsewhere', async () => {
      const desired = pipelineWith('drift')
      const { collections } = get().vectors
      await collections.create('drift_elsewhere_g1', collectionSpec(desired.vectors, 'shared', desired.owner))
      await collections.setAlias('drift_shared', 'drift_elsewhere_g1')
      const plan = await provisionPipeline(get(), desired)
      expect(kinds(plan)).to.deep.equal(['set-alias'])
      expect(plan.drift[0]).to.include({ wanted: 'drift_shared_g1', found: 'drift_elsewhere_g1' })
      expect(await planForPipeline(get(), desired)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
      await collections.delete('drift_elsewhere_g1')
    })

    it('leaves a collection alone that has taken the name of the alias', async () => {
      const desired = pipelineWith('drift')
      const { collections } = get().vectors
      await collections.deleteAlias('drift_shared')
      await collections.create('drift_shared', collectionSpec(desired.vectors, 'shared', desired.owner))
      const plan = await planForPipeline(get(), desired)
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles[0]).to.include({ reason: 'Conflict', area: 'vectors' })
      await collections.delete('drift_shared')
      expect(kinds(await provisionPipeline(get(), desired))).to.deep.equal(['set-alias'])
    })

    it('changes what the spec newly asks for, which is no drift', async () => {
      const desired = pipelineWith('drift')
      const hnsw = { m: 24, efConstruct: 200, fullScanThreshold: 5_000 }
      const changed = { ...desired, vectors: { ...desired.vectors, hnsw, quantization: 'scalar', onDisk: true } } as const // prettier-ignore
      const plan = await provisionPipeline(get(), changed)
      expect(plan.drift).to.deep.equal([])
      const parts = plan.steps.map(step => (step.kind === 'tune-collection' ? step.part : step.kind))
      expect(parts).to.deep.equal(get().vectors.engine === 'qdrant' ? ['hnsw', 'quantization', 'onDisk'] : ['hnsw'])
      expect(await planForPipeline(get(), changed)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
      await provisionPipeline(get(), desired)
      expect(await planForPipeline(get(), desired)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })

    it('notices a graph of a dedicated collection that somebody built otherwise', async () => {
      const desired = pipelineWith('drift')
      const spec = collectionSpec(desired.vectors, 'dedicated', desired.owner)
      const { collections, engine } = get().vectors
      await collections.create('drift_own_g1', spec)
      if (engine === 'pgvector') {
        await get().meddle('drift_own_g1', 'regraph')
        const state = await collections.describe('drift_own_g1')
        expect(state?.tuning.hnsw).to.equal('m 8, efConstruct 50, fullScanThreshold 10000')
        expect(state?.tunedTo?.hnsw).to.equal('m 16, efConstruct 100, fullScanThreshold 10000')
        await collections.tune('drift_own_g1', spec, 'hnsw')
      }
      const state = await collections.describe('drift_own_g1')
      expect(state?.tuning.hnsw).to.equal('m 16, efConstruct 100, fullScanThreshold 10000')
      await collections.delete('drift_own_g1')
    })

    it('mends the control schema, and never hides what it has lost', async () => {
      const desired = pipelineWith('drift')
      const { database } = get()
      await database.raw('DROP INDEX selfrag.api_keys_tenant')
      await database.raw('GRANT SELECT ON selfrag.api_keys TO PUBLIC')
      const plan = await provisionPipeline(get(), desired)
      expect(kinds(plan)).to.deep.equal(['mend-schema', 'revoke-grants'])
      expect(plan.drift.map(({ object, field }) => [object, field])).to.deep.equal([
        ['table selfrag.api_keys', 'index api_keys_tenant'],
        ['table selfrag.api_keys', 'rights of PUBLIC'],
      ])
      expect(await planForPipeline(get(), desired)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
      await database.raw('ALTER TABLE selfrag.embedding_generations RENAME TO elsewhere')
      const lost = await planForPipeline(get(), desired)
      expect(lost.steps).to.deep.equal([])
      expect(lost.obstacles[0]).to.include({ reason: 'Unrepairable', area: 'database' })
      expect(lost.drift[0]).to.include({ object: 'table selfrag.embedding_generations', field: 'existence' })
      await database.raw('ALTER TABLE selfrag.elsewhere RENAME TO embedding_generations')
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
