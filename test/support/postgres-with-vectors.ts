import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { startServer } from './child-process.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { MissingPart } from './missing-part.ts'
import type { TestDatabase } from './postgres.ts'
import { onTeardown } from './teardown.ts'

const run = promisify(execFile)

/**
 * A Postgres with pgvector: `DATABASE_URL`, else one that is started from the folder that hack/pgvector/find names. With
 * durability as in production: writes are measured too.
 */
export async function postgresWithVectors(): Promise<string> {
  return process.env['DATABASE_URL'] ?? start(await programs(), [])
}

/**
 * A database with pgvector on a server of its own, whose owner may create roles and schemas and nothing else, as in production.
 * Nothing in it outlives the run, so durability is given up for speed.
 * @throws MissingPart
 */
export async function databaseWithVectors(): Promise<TestDatabase> {
  const server = await start(await programs(), ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'])
  await as(server, 'CREATE ROLE product LOGIN CREATEROLE NOSUPERUSER')
  await as(server, 'CREATE DATABASE product OWNER product')
  const own = new URL(server)
  own.pathname = '/product'
  await as(own.href, 'CREATE EXTENSION vector')
  own.username = 'product'
  return { name: 'product', url: own.href, drop: () => as(server, 'DROP DATABASE product WITH (FORCE)') }
}

async function as(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

async function programs(): Promise<string> {
  try {
    return (await run(join(import.meta.dirname, '../../hack/pgvector/find'))).stdout.trim()
  } catch (error) {
    throw new MissingPart((error as { stderr?: string }).stderr?.trim() || String(error))
  }
}

async function start(bin: string, more: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-pgvector-'))
  const data = join(folder, 'data')
  const port = await freePort()
  // Postgres refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  await chmod(folder, 0o777)
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '--encoding=UTF8', '--locale=C', '--no-sync'], user)
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', ...more]
  const args = ['-D', data, '-p', String(port), ...settings.flatMap(setting => ['-c', setting])]
  const server = startServer(join(bin, 'postgres'), args, join(folder, 'log'), user)
  onTeardown(async () => {
    await server.stop('SIGINT')
    await rm(folder, { recursive: true, force: true })
  })
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  await eventually(() => as(url, 'CREATE EXTENSION IF NOT EXISTS vector'), 30_000)
  return url
}
