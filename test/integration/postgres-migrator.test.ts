import { expect } from 'chai'
import type { Knex } from 'knex'
import { after, before, describe, it } from 'mocha'
import { CONTROL_SCHEMA, tenantSchema } from '../../api/contract/names.ts'
import { controlMigrations } from '../../api/stores/postgres/migrations/control/index.ts'
import { controlStructure } from '../../api/stores/postgres/migrations/control/structure.ts'
import { tenantMigrations } from '../../api/stores/postgres/migrations/tenant/index.ts'
import { tenantStructure } from '../../api/stores/postgres/migrations/tenant/structure.ts'
import * as migrator from '../../api/stores/postgres/migrator.ts'
import { controlSchemaState } from '../../api/stores/postgres/schema-state.ts'
import { readStructure } from '../../api/stores/postgres/schema-structure.ts'
import { createTenantSchema, describeTenantPlace, ensureTenantRole } from '../../api/stores/postgres/tenant-roles.ts'
import { openTestDatabase, postgres, type TestDatabase } from '../support/postgres.ts'

const controlNames = controlMigrations.map(migration => migration.name)
const tenantNames = tenantMigrations.map(migration => migration.name)

describe('stores/postgres/migrator', function () {
  this.timeout(60_000)
  let test: TestDatabase
  let database: Knex

  before(async () => {
    test = await (await postgres()).createDatabase()
    database = openTestDatabase(test.url)
  })
  after(async () => {
    await database.destroy()
    await test.drop()
  })

  it('says what a database lacks that nobody has migrated', async () => {
    const version = await migrator.controlSchemaVersion(database)
    expect(version).to.deep.equal({ applied: null, level: null })
    expect(controlSchemaState(version)).to.deep.equal({
      state: 'behind',
      from: null,
      to: controlNames.at(-1),
      oneRelease: false,
    })
  })

  it('migrates once when twenty start together', async () => {
    let worked = 0
    const pools = Array.from({ length: 20 }, () =>
      openTestDatabase(test.url, { pool: { keep: 0, max: 1, acquireTimeoutMs: 30_000, lifetimeMs: 60_000 } }),
    )
    await Promise.all(
      pools.map(pool =>
        migrator.migrateControlSchema(pool, async () => {
          worked++
        }),
      ),
    )
    await Promise.all(pools.map(pool => pool.destroy()))
    expect(worked).to.equal(1)
    const version = await migrator.controlSchemaVersion(database)
    expect(version.applied).to.deep.equal(controlNames)
    expect(controlSchemaState(version)).to.deep.equal({ state: 'current', at: controlNames.at(-1) })
  })

  it('leaves nothing behind when what follows the migration fails', async () => {
    const empty = await (await postgres()).createDatabase()
    const pool = openTestDatabase(empty.url)
    const failure = await migrator
      .migrateControlSchema(pool, async () => {
        throw new Error('killed')
      })
      .catch((error: Error) => error.message)
    const { rows } = await pool.raw<{ rows: unknown[] }>('SELECT FROM pg_namespace WHERE nspname = ?', [CONTROL_SCHEMA])
    await pool.destroy()
    await empty.drop()
    expect(failure).to.equal('killed')
    expect(rows).to.have.length(0)
  })

  it('migrates a tenant as the tenant, and knows all of its tables', async () => {
    await database.transaction(async sql => {
      const place = await describeTenantPlace(sql, 'acme')
      await ensureTenantRole(sql, place)
      await createTenantSchema(sql, 'acme', place.role, { cluster: 'c', uid: 'u' })
    })
    await Promise.all([1, 2, 3].map(() => migrator.migrateTenantSchema(database, 'acme')))
    const version = await migrator.tenantSchemaVersion(database, 'acme')
    expect(version.applied).to.deep.equal(tenantNames)
    const place = await describeTenantPlace(database, 'acme')
    expect(place.strayTables).to.deep.equal([])
    expect(await readStructure(database, tenantSchema('acme'))).to.deep.equal(tenantStructure)
    expect(await readStructure(database, CONTROL_SCHEMA)).to.deep.equal(controlStructure)
  })

  it('refuses a schema that a newer version has migrated, and changes nothing', async () => {
    await database('migrations').withSchema(CONTROL_SCHEMA).insert({ name: '999-future', batch: 9 })
    const state = controlSchemaState(await migrator.controlSchemaVersion(database))
    const refusals = await Promise.all(
      [migrator.migrateControlSchema, migrator.rollbackControlSchema].map(run =>
        run(database).then(
          () => null,
          (error: unknown) => error,
        ),
      ),
    )
    await database('migrations').withSchema(CONTROL_SCHEMA).where({ name: '999-future' }).delete()
    expect(state).to.deep.equal({ state: 'newer', unknown: ['999-future'] })
    for (const refusal of refusals)
      expect(refusal).to.be.instanceOf(migrator.NewerSchema).with.property('message').that.includes('999-future')
  })

  it('undoes the newest migration, and does it again', async () => {
    expect(await migrator.rollbackTenantSchema(database, 'acme')).to.equal(tenantNames.at(-1))
    expect((await migrator.tenantSchemaVersion(database, 'acme')).applied).to.deep.equal(tenantNames.slice(0, -1))
    await migrator.migrateTenantSchema(database, 'acme')
    expect((await migrator.tenantSchemaVersion(database, 'acme')).applied).to.deep.equal(tenantNames)
    expect(await migrator.rollbackControlSchema(database)).to.equal(controlNames.at(-1))
    await migrator.migrateControlSchema(database)
    expect((await migrator.controlSchemaVersion(database)).applied).to.deep.equal(controlNames)
  })

  it('undoes all of a tenant’s schema, and then there is nothing to undo', async () => {
    for (const name of tenantNames.toReversed())
      expect(await migrator.rollbackTenantSchema(database, 'acme')).to.equal(name)
    expect(await migrator.rollbackTenantSchema(database, 'acme')).to.equal(null)
    const place = await describeTenantPlace(database, 'acme')
    expect(place.tables).to.not.include('documents')
    expect(place.schema).to.equal(tenantSchema('acme'))
    await migrator.migrateTenantSchema(database, 'acme')
    expect((await migrator.tenantSchemaVersion(database, 'acme')).applied).to.deep.equal(tenantNames)
  })
})
