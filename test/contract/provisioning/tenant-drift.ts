import { expect } from 'chai'
import type { Knex } from 'knex'
import { before, describe, it } from 'mocha'
import { tenantSchema } from '../../../api/contract/names.ts'
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
