import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { startServer } from '../../support/child-process.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/free-port.ts'
import { onTeardown } from '../../support/teardown.ts'

const run = promisify(execFile)

/**
 * A Postgres with pgvector: `DATABASE_URL`, else one that is started from the folder that hack/pgvector/find names. With
 * durability as in production: writes are measured too.
 */
export async function postgresWithVectors(): Promise<string> {
  const given = process.env['DATABASE_URL']
  if (given) return given
  const { stdout } = await run(join(import.meta.dirname, '../../../hack/pgvector/find'))
  return start(stdout.trim())
}

async function start(bin: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'selfrag-pgvector-'))
  const data = join(folder, 'data')
  const port = await freePort()
  // Postgres refuses to run as root.
  const as = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  await chmod(folder, 0o777)
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '--encoding=UTF8', '--locale=C', '--no-sync'], as)
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200']
  const args = ['-D', data, '-p', String(port), ...settings.flatMap(setting => ['-c', setting])]
  const server = startServer(join(bin, 'postgres'), args, join(folder, 'log'), as)
  onTeardown(async () => {
    await server.stop('SIGINT')
    await rm(folder, { recursive: true, force: true })
  })
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  await eventually(async () => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('CREATE EXTENSION IF NOT EXISTS vector')
    await client.end()
  }, 30_000)
  return url
}
