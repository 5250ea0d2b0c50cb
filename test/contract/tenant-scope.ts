import { expect } from 'chai'
import type { Knex } from 'knex'
import { after, before, describe, it } from 'mocha'
import { databaseFault } from '../../api/stores/postgres/database-errors.ts'
import { migrateControlSchema, migrateTenantSchema } from '../../api/stores/postgres/migrator.ts'
import { createTenantSchema, describeTenantPlace, ensureTenantRole } from '../../api/stores/postgres/tenant-roles.ts'
import { inTenant, TenantScope } from '../../api/stores/postgres/tenant-scope.ts'

/** What a transaction of a tenant must see, and what it must not, on whatever speaks Postgres' protocol. */
export function tenantScopeContract(name: string, open: () => Promise<{ database: Knex; close: () => Promise<void> }>) {
  describe(`tenant scope on ${name}`, function () {
    this.timeout(60_000)
    let database: Knex
    let close: () => Promise<void>
    const acme = new TenantScope({ id: 'a', slug: 'scope-acme', collection: 'kb_shared' })
    const rival = new TenantScope({ id: 'b', slug: 'scope-rival', collection: 'kb_shared' })

    before(async () => {
      ;({ database, close } = await open())
      await migrateControlSchema(database)
      for (const { slug } of [acme, rival]) {
        await database.transaction(async sql => {
          const place = await describeTenantPlace(sql, slug)
          await ensureTenantRole(sql, place)
          await createTenantSchema(sql, slug, place.role, { cluster: 'c', uid: slug })
        })
        await migrateTenantSchema(database, slug)
      }
      await addKnowledgeBase(acme, 'ours')
      await addKnowledgeBase(rival, 'theirs')
    })
    after(() => close())

    const addKnowledgeBase = (scope: TenantScope, kb: string) =>
      inTenant(database, scope, async ({ sql }) => {
        await sql('knowledge_bases').insert({ name: kb, managed_by: 'api' })
      })

    /** What kind of fault a query in a tenant's transaction ends with. */
    const fault = (scope: TenantScope, query: string) =>
      inTenant(database, scope, ({ sql }) => sql.raw(query)).then(
        () => 'none',
        (error: unknown) => databaseFault(error),
      )

    it('sees its own rows', async () => {
      const names = await inTenant(database, acme, ({ sql }) => sql('knowledge_bases').pluck<string[]>('name'))
      expect(names).to.deep.equal(['ours'])
    })

    it('sees no other tenant, nor the control schema', async () => {
      expect(await fault(acme, 'SELECT * FROM tenant_scope_rival.knowledge_bases')).to.equal('forbidden')
      expect(await fault(acme, 'SELECT * FROM selfrag.tenants')).to.equal('forbidden')
      expect(await fault(acme, 'INSERT INTO selfrag.api_keys DEFAULT VALUES')).to.equal('forbidden')
      expect(await fault(acme, 'CREATE SCHEMA mine')).to.equal('forbidden')
      expect(await fault(acme, 'CREATE ROLE mine')).to.equal('forbidden')
    })

    it('reaches the control schema in `control` only, and comes back as the tenant', async () => {
      const seen = await inTenant(database, acme, async ({ sql, control }) => {
        await control(inner => inner('system_config').insert({ key: 'scope', value: '1' }))
        return sql('knowledge_bases').pluck<string[]>('name')
      })
      expect(seen).to.deep.equal(['ours'])
      await database.raw("DELETE FROM selfrag.system_config WHERE key = 'scope'")
    })

    it('is the tenant again after `control` has thrown', async () => {
      const role = await inTenant(database, acme, async ({ sql, control }) => {
        await control(async () => {
          throw new Error('refused')
        }).catch(() => undefined)
        const { rows } = await sql.raw<{ rows: { role: string }[] }>('SELECT current_user AS role')
        return rows[0]?.role
      })
      expect(role).to.match(/^tenant_scope_acme_[0-9a-f]{7}$/)
    })

    it('gives the connection back clean, also after a failure', async () => {
      await fault(acme, 'SELECT 1/0')
      const { rows } = await database.raw<{ rows: { role: string; path: string }[] }>(
        `SELECT current_user = session_user AS role, current_setting('search_path') AS path`,
      )
      expect(rows[0]?.role).to.equal(true)
      expect(rows[0]?.path).to.not.include('tenant_')
    })

    it('keeps a job and a row together: both or neither', async () => {
      await inTenant(database, acme, async ({ sql, control }) => {
        await sql('knowledge_bases').insert({ name: 'undone', managed_by: 'api' })
        await control(inner => inner('system_config').insert({ key: 'undone', value: '1' }))
        throw new Error('killed')
      }).catch(() => undefined)
      const names = await inTenant(database, acme, ({ sql }) => sql('knowledge_bases').pluck<string[]>('name'))
      const { rows } = await database.raw<{ rows: unknown[] }>("SELECT FROM selfrag.system_config WHERE key = 'undone'")
      expect(names).to.deep.equal(['ours'])
      expect(rows).to.have.length(0)
    })

    // Noticed there and then, instead of reading everybody's rows. Superusers (PGlite's) are not stopped, nor is anybody
    // before Postgres 16, where a member of a role always has its rights.
    it('refuses queries on a tenant outside of its transaction, where the server can', async () => {
      const { rows } = await database.raw<{ rows: { guarded: boolean }[] }>(
        `SELECT current_setting('server_version_num')::int >= 160000 AND NOT rolsuper AS guarded
           FROM pg_roles WHERE rolname = session_user`,
      )
      const failure: unknown = await database('knowledge_bases')
        .withSchema('tenant_scope_acme')
        .then(
          () => null,
          (error: unknown) => databaseFault(error),
        )
      expect(failure).to.equal(rows[0]?.guarded ? 'forbidden' : null)
    })

    it('does not begin for a tenant that is not provisioned', async () => {
      const nobody = new TenantScope({ id: 'n', slug: 'scope-nobody', collection: 'kb_shared' })
      const failure = await inTenant(database, nobody, ({ sql }) => sql.raw('SELECT 1')).then(
        () => null,
        (error: Error) => error.message,
      )
      expect(failure).to.match(/role .*tenant_scope_nobody/)
    })
  })
}
