import { expect } from 'chai'
import type { Knex } from 'knex'
import { before, describe, it } from 'mocha'
import { tenantSchema } from '../../../api/contract/names.ts'
import { tenantStructure } from '../../../api/stores/postgres/migrations/tenant/structure.ts'
import { readStructure } from '../../../api/stores/postgres/schema-structure.ts'
import { describeTenantPlace } from '../../../api/stores/postgres/tenant-roles.ts'
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

export function tenantDriftContract(get: GetStores): void {
  describe('a tenant that somebody meddled with', () => {
    const pipeline = pipelineWith('meddling')
    const context = contextWith(new MemoryVault())
    const slug = 'meddled'
    const desired = tenantOf(pipeline, slug)
    let database: Knex
    let role: string

    before(async () => {
      database = get().database
      await dropProductSchemas(database)
      await provisionPipeline(get(), pipeline)
      await provisionTenant(get(), desired, context)
      role = (await describeTenantPlace(database, slug)).role
    })

    const asTenant = (statement: string) =>
      database.transaction(async sql => {
        await sql.raw('SET LOCAL ROLE ??', [role])
        await sql.raw(statement)
      })

    const repaired = async (fields: string[]) => {
      const plan = await provisionTenant(get(), desired, context)
      expect(kinds(plan)).to.deep.equal(['grant-schema'])
      expect(plan.drift.map(drift => drift.field)).to.deep.equal(fields)
      expect(await planForTenant(get(), desired, context)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    }

    it('gets its right to switch to the role back', async () => {
      const superuser = await database('pg_roles')
        .whereRaw('rolname = session_user AND rolsuper')
        .first<{ rolname: string } | undefined>('rolname')
      await database.raw('REVOKE ?? FROM CURRENT_USER', [role])
      // A superuser may become anybody, so nothing is missing then.
      if (superuser) expect(await planForTenant(get(), desired, context)).to.deep.include({ steps: [] })
      else await repaired(['member'])
    })

    it('takes from the role what it must not have', async () => {
      await database.raw('ALTER ROLE ?? LOGIN', [role])
      await repaired(['attribute'])
      expect((await describeTenantPlace(database, slug)).excess).to.deep.equal([])
    })

    it('closes a schema that was opened to everybody', async () => {
      await asTenant(`GRANT USAGE ON SCHEMA ${tenantSchema(slug)} TO PUBLIC`)
      await repaired(['usage'])
    })

    it('gives schema and tables back to the role', async () => {
      // As somebody who has the rights of both, such as an administrator.
      await database.raw(`DO $do$ BEGIN
        IF current_setting('server_version_num')::int >= 160000 THEN
          EXECUTE 'GRANT "${role}" TO CURRENT_USER WITH INHERIT TRUE';
        END IF; END $do$`)
      await database.raw('ALTER SCHEMA ?? OWNER TO CURRENT_USER', [tenantSchema(slug)])
      await database.raw('ALTER TABLE ??.chunks OWNER TO CURRENT_USER', [tenantSchema(slug)])
      await repaired(['owner', 'owner'])
      const place = await describeTenantPlace(database, slug)
      expect(place).to.deep.include({ schemaOwner: role, strayTables: [] })
    })

    it('makes indexes and constraints anew', async () => {
      await asTenant(`DROP INDEX ${tenantSchema(slug)}.chunks_kb`)
      await asTenant(`ALTER TABLE ${tenantSchema(slug)}.documents DROP CONSTRAINT documents_pkey CASCADE`)
      const before = await readStructure(database, tenantSchema(slug))
      expect(before).not.to.deep.equal(tenantStructure)
      const plan = await provisionTenant(get(), desired, context)
      expect(kinds(plan)).to.deep.equal(['mend-schema'])
      expect(plan.drift.map(({ field }) => field)).to.include.members(['index chunks_kb', 'constraint documents_pkey', 'constraint chunks_document_id_fkey']) // prettier-ignore
      expect(await readStructure(database, tenantSchema(slug))).to.deep.equal(tenantStructure)
      expect(await planForTenant(get(), desired, context)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })

    it('says which rows are in the way of a constraint', async () => {
      const schema = tenantSchema(slug)
      await asTenant(`ALTER TABLE ${schema}.knowledge_bases DROP CONSTRAINT knowledge_bases_name_key`)
      await asTenant(
        `INSERT INTO ${schema}.knowledge_bases (name, managed_by) VALUES ('twice', 'api'), ('twice', 'api')`,
      )
      const error = await provisionTenant(get(), desired, context).catch((thrown: Error) => thrown)
      expect(error).to.be.instanceOf(Error)
      expect((error as Error).message)
        .to.contain('knowledge_bases_name_key')
        .and.to.contain('correct the rows')
      await asTenant(`DELETE FROM ${schema}.knowledge_bases WHERE name = 'twice'`)
      await provisionTenant(get(), desired, context)
      expect(await planForTenant(get(), desired, context)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })

    it('takes away what somebody has granted in its schema, on its role, and to its role elsewhere', async () => {
      const spy = `${role.slice(0, 40)}_spy`
      const schema = tenantSchema(slug)
      const lender = `${role.slice(0, 40)}_lender`
      for (const name of [spy, lender]) await database.raw('CREATE ROLE ??', [name])
      await asTenant(`GRANT USAGE ON SCHEMA ${schema} TO "${spy}"`)
      await asTenant(`GRANT SELECT, UPDATE ON ${schema}.chunks TO "${spy}"`)
      await asTenant(`GRANT SELECT ON ${schema}.documents TO PUBLIC`)
      await database.raw('GRANT ?? TO ??', [role, spy])
      await database.raw('GRANT ?? TO ??', [lender, role])
      await database.raw('GRANT SELECT ON selfrag.api_keys TO ??', [role])
      await database.raw('GRANT USAGE ON SCHEMA selfrag TO ??', [role])
      const plan = await provisionTenant(get(), desired, context)
      expect(kinds(plan)).to.deep.equal(['revoke-grants'])
      expect(plan.drift.map(({ object, field, found }) => [object, field, found])).to.have.deep.members([
        [`schema ${schema}`, `rights of ${spy}`, 'USAGE'],
        [`table ${schema}.chunks`, `rights of ${spy}`, 'SELECT, UPDATE'],
        [`table ${schema}.documents`, 'rights of PUBLIC', 'SELECT'],
        [`role ${role}`, `rights of ${spy}`, 'MEMBER'],
        [`role ${lender}`, `rights of ${role}`, 'MEMBER'],
        ['table selfrag.api_keys', `rights of ${role}`, 'some'],
        ['schema selfrag', `rights of ${role}`, 'some'],
      ])
      expect(await planForTenant(get(), desired, context)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
      for (const name of [spy, lender]) await database.raw('DROP ROLE ??', [name])
    })

    it('finds each of these when it is the only one', async () => {
      const [spy, lender] = [`${role.slice(0, 40)}_spy`, `${role.slice(0, 40)}_lender`]
      const schema = tenantSchema(slug)
      for (const name of [spy, lender]) await database.raw('CREATE ROLE ??', [name])
      for (const give of [
        () => asTenant(`GRANT CREATE ON SCHEMA ${schema} TO "${spy}"`),
        () => asTenant(`GRANT SELECT ON ${schema}.chunks TO "${spy}"`),
        () => asTenant(`GRANT SELECT ON ${schema}.documents TO PUBLIC`),
        () => database.raw('GRANT ?? TO ??', [role, spy]),
        () => database.raw('GRANT ?? TO ??', [lender, role]),
        () => database.raw('GRANT USAGE ON SCHEMA selfrag TO ??', [role]),
      ]) {
        expect(await describeTenantPlace(database, slug)).to.include({ given: false })
        await give()
        expect(kinds(await provisionTenant(get(), desired, context)), String(give)).to.deep.equal(['revoke-grants'])
      }
      expect(await describeTenantPlace(database, slug)).to.include({ given: false })
      for (const name of [spy, lender]) await database.raw('DROP ROLE ??', [name])
    })

    it('does not hide a lost column behind an empty one', async () => {
      const schema = tenantSchema(slug)
      await asTenant(`ALTER TABLE ${schema}.knowledge_bases DROP COLUMN settings`)
      const plan = await provisionTenant(get(), desired, context)
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles[0]).to.include({ reason: 'Unrepairable', area: 'tenant' })
      expect(plan.obstacles[0]?.message).to.include('knowledge_bases.settings (missing, wanted jsonb)')
      await asTenant(`ALTER TABLE ${schema}.knowledge_bases ADD COLUMN settings jsonb NOT NULL DEFAULT '{}'`)
      expect(await planForTenant(get(), desired, context)).to.deep.equal({ steps: [], obstacles: [], drift: [] })
    })

    it('does not hide a lost table behind an empty one', async () => {
      await asTenant(`DROP TABLE ${tenantSchema(slug)}.idempotency_keys`)
      const plan = await provisionTenant(get(), desired, context)
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles[0]).to.include({ reason: 'Unrepairable', area: 'tenant' })
      expect(plan.obstacles[0]?.message).to.include('idempotency_keys').and.to.include('backup')
    })

    it('does not hide a lost schema behind an empty one', async () => {
      await asTenant(`DROP SCHEMA ${tenantSchema(slug)} CASCADE`)
      const plan = await provisionTenant(get(), desired, context)
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles[0]).to.include({ reason: 'Unrepairable', area: 'tenant' })
    })

    it('refuses a schema that a newer version has migrated', async () => {
      const other = tenantOf(pipeline, 'newer', { apiKeys: [] })
      await provisionTenant(get(), other, context)
      const newRole = (await describeTenantPlace(database, 'newer')).role
      await database.transaction(async sql => {
        await sql.raw('SET LOCAL ROLE ??', [newRole])
        await sql.raw(`INSERT INTO tenant_newer.migrations (name, batch) VALUES ('999-future', 9)`)
      })
      const plan = await planForTenant(get(), other, context)
      expect(plan.steps).to.deep.equal([])
      expect(plan.obstacles[0]).to.include({ reason: 'NewerSchema', area: 'tenant' })
      expect(plan.obstacles[0]?.message).to.include('999-future')
    })
  })
}
