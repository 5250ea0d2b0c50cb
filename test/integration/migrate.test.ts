import { expect } from 'chai'
import type { Knex } from 'knex'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyStep } from '../../api/provisioning/apply.ts'
import { controlMigrations } from '../../api/stores/postgres/migrations/control/index.ts'
import { tenantMigrations } from '../../api/stores/postgres/migrations/tenant/index.ts'
import { readSchemaLevel, writeSchemaLevel } from '../../api/stores/postgres/schema-level.ts'
import { levelOf } from '../../api/stores/postgres/schema-state.ts'
import { schemaOwner } from '../../api/stores/postgres/ownership-comments.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { openTestDatabase, postgres, type TestDatabase } from '../support/postgres.ts'
import { contextWith, MemoryVault, pipelineWith, tenantOf } from '../support/provisioning.ts'

const controlNames = controlMigrations.map(({ name }) => name)
const tenantNames = tenantMigrations.map(({ name }) => name)
const owner = { cluster: 'c', uid: 'u', name: 'RagPipeline/rag/demo' }
const pipeline = { ...pipelineWith('kb'), owner }

describe('api/migrate.ts, which the migration Job runs', function () {
  this.timeout(60_000)
  let test: TestDatabase
  let database: Knex

  beforeEach(async () => {
    test = await (await postgres()).createDatabase()
    database = openTestDatabase(test.url)
  })
  afterEach(async () => {
    await database.destroy()
    await test.drop()
  })

  /** Gives the exit code, the log as objects, and what it left for the condition. */
  const migrate = async (args: string[], env: Record<string, string> = {}) => {
    const file = join(await mkdtemp(join(tmpdir(), 'selfrag-migrate-')), 'termination-log')
    const parameters = ['api/migrate.ts', ...args, '--termination-log', file]
    const variables = { ...bareEnvironment, DATABASE_URL: test.url, VECTOR_ENGINE: 'pgvector', ...env }
    return new Promise<{ code: number; log: Record<string, unknown>[]; message: string | null }>(resolve =>
      execFile(process.execPath, parameters, { env: variables }, (error, stdout) => {
        const log = stdout.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as Record<string, unknown>) // prettier-ignore
        void readFile(file, 'utf8')
          .catch(() => null)
          .then(message => resolve({ code: Number(error?.code ?? 0), log, message }))
      }),
    )
  }
  const install = ['--image', 'i:1', '--owner', JSON.stringify(owner)]
  const addTenant = async (slug: string) => {
    const context = contextWith(new MemoryVault())
    const stores = { database } as never
    const tenant = tenantOf(pipeline, slug)
    for (const step of [
      { kind: 'create-role', slug },
      { kind: 'create-schema', slug, owner },
      { kind: 'create-tenant', tenant, collection: 'kb_shared' },
    ] as const)
      await applyStep(stores, step, context)
  }
  const tablesOf = (schema: string) => database('pg_tables').withSchema('pg_catalog').where({ schemaname: schema }).pluck<string[]>('tablename') // prettier-ignore

  it('makes a control schema that bears its owner, records its image, and finds nothing to do the second time', async () => {
    const first = await migrate(install)
    expect(first).to.include({ code: 0, message: null })
    expect(first.log.map(({ message }) => message)).to.deep.equal(['migrated', 'all schemas are at this version'])
    expect(await schemaOwner(database, 'selfrag')).to.deep.equal({ exists: true, owner })
    expect(await readSchemaLevel(database)).to.deep.equal({
      image: 'i:1',
      ...levelOf(controlMigrations, tenantMigrations),
    })
    const second = await migrate(install)
    expect(second.log.map(({ message }) => message)).to.deep.equal(['all schemas are at this version'])
  })

  it('migrates every tenant, and when one fails the others all the same, and says which', async () => {
    await migrate(install)
    for (const slug of ['acme', 'broken', 'zoo']) await addTenant(slug)
    const { rows } = await database.raw<{ rows: { role: string }[] }>(`SELECT pg_get_userbyid(nspowner) AS role FROM pg_namespace WHERE nspname = 'tenant_broken'`) // prettier-ignore
    await database.transaction(async sql => {
      await sql.raw('SET LOCAL ROLE ??', [rows[0]?.role ?? ''])
      await sql.raw('CREATE TABLE tenant_broken.documents (id int)')
    })
    const run = await migrate(['--image', 'i:2', '--owner', JSON.stringify(owner)])
    expect(run.code).to.equal(1)
    expect(run.message).to.match(/^1 tenants could not be migrated: broken \(.*documents.*already exists/)
    expect(await tablesOf('tenant_acme')).to.include('chunks')
    expect(await tablesOf('tenant_zoo')).to.include('chunks')
    expect((await readSchemaLevel(database))?.image, 'not this one').to.equal('i:1')
  })

  it('takes no schema that bears another marker, unless told to', async () => {
    await migrate(install)
    const stranger = ['--image', 'i:2', '--owner', JSON.stringify({ ...owner, uid: 'other', name: 'RagPipeline/b/c' })]
    const refused = await migrate(stranger)
    expect(refused.code).to.equal(2)
    expect(refused.message).to.include('RagPipeline/rag/demo')
    expect((await migrate([...stranger, '--adopt'])).code).to.equal(0)
  })

  it('refuses a schema that is too new, and works with one a release newer', async () => {
    await migrate(install)
    await database('migrations').withSchema('selfrag').insert({ name: '999-next', batch: 2 })
    const tenant = { known: tenantNames, floor: [] }
    const level = (floor: string) => ({ image: 'i:9', tenant: tenant.known, schemas: { control: { known: [...controlNames, '999-next'], floor: [floor] }, tenant } }) // prettier-ignore
    await writeSchemaLevel(database, level('001-control-schema'))
    expect(await migrate(install)).to.include({ code: 0 })
    expect(await readSchemaLevel(database), 'rolled back').to.deep.include({ image: 'i:1' })
    expect((await readSchemaLevel(database))?.schemas.control.floor, 'still holds').to.deep.equal([
      '001-control-schema',
    ])
    await writeSchemaLevel(database, level('999-next'))
    const refused = await migrate(install)
    expect(refused.code).to.equal(2)
    expect(refused.message).to.include('999-next')
  })

  it('tells what is wrong in one line, without the password', async () => {
    const url = new URL(test.url)
    url.port = '1'
    const away = await migrate(install, { DATABASE_URL: url.href })
    expect(away.code).to.equal(1)
    expect(away.message).to.match(/^the database cannot be reached: .*ECONNREFUSED/)
    expect(JSON.stringify(away)).to.not.include(url.password)
    const wrong = await migrate(install, { CHUNKING_SIZE: 'big' })
    expect(wrong).to.include({ code: 2 })
    expect(wrong.message).to.equal('this version refuses its configuration: CHUNKING_SIZE: must be a whole number (got "big")') // prettier-ignore
  })

  it('keeps an older pod from making a tenant behind the back of a newer image', async () => {
    await migrate(install)
    await writeSchemaLevel(database, { ...levelOf([], []), image: null, tenant: [...tenantNames, '999-next'] }) // prettier-ignore
    const refused = await addTenant('late').then(() => 'made', (error: Error) => error.message) // prettier-ignore
    expect(refused).to.include('999-next').and.include('try again')
    expect(await database('selfrag.tenants')).to.deep.equal([])
  })
})
