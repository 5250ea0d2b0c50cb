import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { afterEach, before, beforeEach, describe, it } from 'mocha'
import { VECTOR_SCHEMA } from '../../../api/contract/names.ts'
import { describeReach } from '../../../api/provisioning/isolation-reach.ts'
import { checkGrants, type IsolationProof, verifyIsolation } from '../../../api/provisioning/verify-isolation.ts'
import { attemptForeignVectors } from '../../../api/provisioning/isolation-canary.ts'
import type { TenantRow } from '../../../api/stores/postgres/rows.ts'
import { describeTenantPlace } from '../../../api/stores/postgres/tenant-roles.ts'
import { findTenantBySlug } from '../../../api/stores/postgres/tenants.ts'
import { VectorScope } from '../../../api/stores/vectors/vector-scope.ts'
import { CollectionMissing } from '../../../api/stores/vectors/vector-store.ts'
import { pointAt } from '../../support/filled-tenant.ts'
import { type Leak, leaking } from '../../support/leaking-vector-store.ts'
import { dropProductSchemas } from '../../support/product-schemas.ts'
import { contextWith, MemoryVault, pipelineWith, provisionPipeline, provisionTenant, tenantOf } from '../../support/provisioning.ts' // prettier-ignore
import { rejection } from '../../support/rejection.ts'
import type { GetStores } from '../provisioning.ts'

export function isolationContract(get: GetStores): void {
  describe('the check of isolation', () => {
    const pipeline = pipelineWith('isolation')
    let acme: TenantRow
    let role: string
    /** Takes back what a test has granted. */
    let undo: string[] = []

    const rowOf = async (slug: string) => {
      const row = await findTenantBySlug(get().database, slug)
      if (!row) throw new Error(`${slug} is not provisioned`)
      return row
    }
    const provision = (slug: string, isolation: 'Shared' | 'Dedicated' = 'Shared') =>
      provisionTenant(get(), tenantOf(pipeline, slug, { isolation, apiKeys: [] }), contextWith(new MemoryVault()))

    before(async () => {
      await dropProductSchemas(get().database)
      await provisionPipeline(get(), pipeline)
      await provision('acme')
      acme = await rowOf('acme')
      role = (await describeTenantPlace(get().database, 'acme')).role
    })

    beforeEach(() => {
      undo = []
    })

    afterEach(async () => {
      for (const statement of undo) await get().database.raw(statement)
    })

    it('holds for a tenant that is alone, and says that there was no neighbour', async () => {
      const proof = await verifyIsolation(get(), acme)
      expect(proof).to.deep.include({ reached: [], neighbour: null })
      expect(proof?.attempts).to.be.greaterThan(12)
    })

    it('tries the next tenant in the alphabet, and the first one after the last', async () => {
      await provision('beta')
      expect(await verifyIsolation(get(), acme)).to.deep.include({ reached: [], neighbour: 'beta' })
      expect(await verifyIsolation(get(), await rowOf('beta'))).to.deep.include({
        reached: [],
        neighbour: 'acme',
      })
    })

    it('holds in a collection of its own', async () => {
      await provision('owner', 'Dedicated')
      expect(await verifyIsolation(get(), await rowOf('owner'))).to.deep.include({ reached: [] })
    })

    it('leaves no point behind, and no trace in the database', async () => {
      const { database, vectors } = get()
      const state = async () => ({
        points: (await vectors.collections.describe(acme.collection))?.points,
        schemas: await database('pg_namespace').withSchema('pg_catalog').orderBy('nspname').pluck<string[]>('nspname'),
        audit: await database('audit_log').withSchema('selfrag').count('*'),
        rows: await database('tenant_beta.documents')
          .count('*')
          .catch(() => 'refused'),
      })
      const before = await state()
      await verifyIsolation(get(), acme)
      expect(await state()).to.deep.equal(before)
    })

    it('takes away what an earlier check has left when it was cut off', async () => {
      const { vectors } = get()
      let scope: VectorScope | undefined
      const dying = Object.assign(leaking(vectors, 'get'), {
        upsert: async (given: VectorScope, points: Parameters<typeof vectors.upsert>[1]) => {
          scope = given
          await vectors.upsert(given, points)
          throw new Error('the process died')
        },
      })
      const place = { tenantId: acme.id, collection: acme.collection, dimension: 4 }
      expect((await rejection(attemptForeignVectors(dying, place))).message).to.equal('the process died')
      if (!scope) throw new Error('nothing was written')
      expect(await vectors.count(scope, { all: true })).to.equal(1)
      expect(await verifyIsolation(get(), acme)).to.deep.include({ reached: [] })
      expect(await vectors.count(scope, { all: true })).to.equal(0)
    })

    it('does not take a missing collection for isolation', async () => {
      expect(await verifyIsolation(get(), { ...acme, collection: 'isolation_nowhere' })).to.equal(null)
      const place = { tenantId: acme.id, collection: 'isolation_nowhere', dimension: 4 }
      expect(await rejection(attemptForeignVectors(get().vectors, place))).to.be.instanceOf(CollectionMissing)
    })

    const leaks: Record<Leak, string> = {
      get: 'read a point by its id',
      count: 'count points of a document',
      search: 'search in a knowledge base',
      'filtered search': 'search with a filter',
      updateSparse: 'change the weights of a point',
      'delete by id': 'delete a point by its id',
      'delete by document': 'delete the points of a document',
    }
    for (const [leak, words] of Object.entries(leaks))
      it(`notices a vector store that forgets the scope in ${leak}`, async () => {
        const { database, vectors } = get()
        const proof = await verifyIsolation({ database, vectors: leaking(vectors, leak as Leak) }, acme)
        expect(proof?.reached).to.deep.equal([{ way: 'vectors', what: `${words} in ${acme.collection}`, tenant: null }])
      })

    for (const leak of ['get', 'count', 'search'] as const)
      it(`says whose points a vector store lets out that forgets the scope in ${leak}`, async () => {
        const { database } = get()
        const vectors = leaking(get().vectors, leak)
        const beta = new VectorScope(acme.collection, (await rowOf('beta')).id, 'all')
        await vectors.upsert(beta, [pointAt(randomUUID(), randomUUID(), 0)])
        try {
          const what = `${leaks[leak]} in ${acme.collection}`
          const proof = await verifyIsolation({ database, vectors }, acme)
          expect(proof?.reached).to.deep.equal([
            { way: 'vectors', what, tenant: null },
            { way: 'vectors', what, tenant: 'beta' },
          ])
          expect(await vectors.count(beta, { all: true }), 'what is a tenant’s stays').to.equal(1)
        } finally {
          await get().vectors.delete(beta, { all: true })
        }
      })

    describe('notices what was granted', () => {
      before(() => provision('beta'))

      /** Statement, its undoing, what is told of it, and whether the catalogue tells it too. */
      const asBeta = async (statement: string) => {
        const beta = (await describeTenantPlace(get().database, 'beta')).role
        await get().database.transaction(async sql => {
          await sql.raw(`SET LOCAL ROLE "${beta}"`)
          await sql.raw(statement)
        })
      }
      const told = (proof: IsolationProof | null) => proof?.reached.map(describeReach) ?? []
      const reached = async () => told(await verifyIsolation(get(), acme))

      it("on a neighbour's schema and tables", async () => {
        await asBeta(`GRANT USAGE ON SCHEMA tenant_beta TO "${role}"`)
        try {
          expect(told(await checkGrants(get(), 'acme'))).to.deep.equal([
            'schema tenant_beta (of tenant beta, by grants)',
          ])
          await asBeta(`GRANT SELECT ON tenant_beta.documents TO PUBLIC`)
          expect(await reached()).to.deep.equal(['schema tenant_beta (of tenant beta, by grants)', 'read tenant_beta.documents (of tenant beta, by SQL)', 'read tenant_beta by search path (of tenant beta, by SQL)']) // prettier-ignore
          await asBeta(`GRANT INSERT, UPDATE, DELETE ON tenant_beta.documents TO "${role}"`)
          expect(await reached()).to.include.members(['insert into', 'update', 'delete from'].map(verb => `${verb} tenant_beta.documents (of tenant beta, by SQL)`)) // prettier-ignore
          await asBeta(`GRANT CREATE ON SCHEMA tenant_beta TO "${role}"`)
          expect(await reached()).to.include('create a table in tenant_beta (of tenant beta, by SQL)')
        } finally {
          await asBeta(`REVOKE ALL ON SCHEMA tenant_beta FROM "${role}"`)
          await asBeta(`REVOKE ALL ON tenant_beta.documents FROM "${role}", PUBLIC`)
        }
        expect(await checkGrants(get(), 'acme')).to.equal(null)
        expect(await reached()).to.deep.equal([])
      })

      it('of the role of a neighbour, which a connection could switch to', async () => {
        const beta = (await describeTenantPlace(get().database, 'beta')).role
        await get().database.raw(`GRANT "${beta}" TO "${role}"`)
        undo = [`REVOKE "${beta}" FROM "${role}"`]
        const membership = `role ${beta} (of tenant beta, by grants)`
        expect(told(await checkGrants(get(), 'acme'))).to.include(membership)
        expect(await reached()).to.include.members([membership, 'read tenant_beta.documents (of tenant beta, by SQL)'])
      })

      it('on the keys of the control schema', async () => {
        const { database } = get()
        await database.raw(`GRANT USAGE ON SCHEMA selfrag TO "${role}"`)
        await database.raw(`GRANT SELECT ON selfrag.api_keys TO "${role}"`)
        undo = [`REVOKE ALL ON SCHEMA selfrag FROM "${role}"`, `REVOKE ALL ON selfrag.api_keys FROM "${role}"`]
        expect(await reached()).to.deep.equal(['schema selfrag (by grants)', 'read selfrag.api_keys (by SQL)'])
      })

      it('on the queue, and on the tables of vectors', async () => {
        const { database } = get()
        for (const schema of ['selfrag_queue', VECTOR_SCHEMA]) {
          const { rows } = await database.raw<{ rows: object[] }>(`SELECT FROM pg_namespace WHERE nspname = '${schema}'`) // prettier-ignore
          const made = rows.length === 0
          if (made) await database.raw(`CREATE SCHEMA ${schema}`)
          await database.raw(`CREATE TABLE ${schema}.aaa (text text)`)
          await database.raw(`GRANT USAGE ON SCHEMA ${schema} TO "${role}"`)
          await database.raw(`GRANT SELECT ON ${schema}.aaa TO "${role}"`)
          expect(await reached()).to.deep.equal([`schema ${schema} (by grants)`, `read ${schema}.aaa (by SQL)`])
          await database.raw(`REVOKE ALL ON SCHEMA ${schema} FROM "${role}"`)
          await database.raw(made ? `DROP SCHEMA ${schema} CASCADE` : `DROP TABLE ${schema}.aaa`)
        }
      })
    })
  })
}
