import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type { Knex } from 'knex'
import { after, before, describe, it } from 'mocha'
import { doctor } from '../../api/doctor/doctor.ts'
import type { Examination } from '../../api/doctor/run-checks.ts'
import { sharedCollection } from '../../api/contract/names.ts'
import { inTenant, TenantScope } from '../../api/stores/postgres/tenant-scope.ts'
import { listTenants } from '../../api/stores/postgres/tenants.ts'
import { ADMIN_TOKEN, ok, startApi, type TestApi, untilReady } from '../support/api.ts'
import { bareEnvironment } from '../support/bare-environment.ts'
import { eventually } from '../support/eventually.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { openTestDatabase } from '../support/postgres.ts'
import { qdrant } from '../support/qdrant.ts'
import { scriptedProxy } from '../support/scripted-proxy.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/** Every failure of docs/operations/troubleshooting is caused here, and the doctor tells it. */
describe('selfrag doctor', function () {
  this.timeout(60_000)
  const prefix = `doctor-${randomBytes(4).toString('hex')}`
  let api: TestApi
  let models: ModelServer
  let healthy: Record<string, string>
  let tenantId: string

  before(async () => {
    models = await startModelServer({ dimension: 16 })
    api = await startApi({ environment: { QDRANT_COLLECTION_PREFIX: prefix } })
    const tenant = await api.tenant()
    tenantId = tenant.id
    const kb = await tenant.knowledgeBase()
    const document = ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, { title: 'Pump', content: 'The pump runs dry.' })) // prettier-ignore
    await untilReady(tenant.client, document.document_id)
    const vectors = await qdrant()
    healthy = { ENVIRONMENT: 'test', DATABASE_URL: api.database.url, QDRANT_URL: vectors.url, QDRANT_API_KEY: vectors.apiKey ?? '', QDRANT_COLLECTION_PREFIX: prefix, ADMIN_TOKEN, EMBEDDING_PROVIDER: 'none' } // prettier-ignore
  })
  after(async () => {
    await models.close()
    await api.stop()
  })

  async function examine(changed: Record<string, string> = {}, ...args: string[]) {
    let output = ''
    const code = await doctor(['--json', ...args], { ...healthy, ...changed }, text => (output += text))
    const { checks } = JSON.parse(output) as { checks: Examination[] }
    return { code, checks, of: (name: string) => checks.find(({ check }) => check === name)! }
  }

  it('finds nothing wrong with what works, and changes nothing', async () => {
    const { code, checks } = await examine({ LLM_PROVIDER: 'openai', LLM_MODEL: 'large', LLM_BASE_URL: models.openAiUrl, OPENAI_API_KEY: 'key' }) // prettier-ignore
    const failed = checks.filter(({ status }) => status === 'failed')
    expect(failed).to.deep.equal([])
    expect(code).to.equal(0)
    const told = Object.fromEntries(checks.map(({ check, status }) => [check, status]))
    expect(told).to.include({ database: 'ok', migrations: 'ok', clock: 'ok', vectors: 'ok', collections: 'ok', points: 'ok', llm: 'ok', redis: 'skipped' }) // prettier-ignore
    expect(models.seen.filter(({ path }) => path.includes('chat'))).to.have.length(1)
  })

  it('a database that refuses: nobody there, a wrong password, a role that may too little', async () => {
    const nobody = await examine({ DATABASE_URL: 'postgresql://u:s3cret@127.0.0.1:9/none' })
    expect(nobody.code).to.equal(1)
    expect(nobody.of('database')).to.include({ status: 'failed', cause: 'nobody answers there' })
    expect(nobody.of('migrations')).to.include({ status: 'skipped', message: 'needs database' })
    const wrong = new URL(healthy['DATABASE_URL']!)
    wrong.password = 'not-the-password'
    wrong.username = 'nobody_of_that_name'
    const refused = await examine({ DATABASE_URL: wrong.href }, '--only', 'database')
    expect(refused.of('database').cause).to.match(/lets this user or database not in/)
    expect(JSON.stringify([nobody, refused])).not.to.match(/s3cret|not-the-password/)
  })

  it('a vector store that does not answer in time, refuses the key, or is too old', async () => {
    const proxy = await scriptedProxy(healthy['QDRANT_URL']!)
    try {
      proxy.script = () => 'hang'
      const slow = await examine({ QDRANT_URL: proxy.url, QDRANT_TIMEOUT_SECONDS: '1' }, '--only', 'vectors')
      expect(slow.of('vectors').message).to.match(/did not answer within 1000 ms/)
      expect(slow.of('vectors')).to.deep.include({ status: 'failed' })
      expect(slow.of('vectors').remedy).to.contain('QDRANT_TIMEOUT_SECONDS (1)')
      proxy.script = () => ({ status: 401 })
      expect((await examine({ QDRANT_URL: proxy.url }, '--only', 'vectors')).of('vectors').remedy).to.contain('QDRANT_API_KEY') // prettier-ignore
      proxy.script = ({ path }) => (path === '/' ? { status: 200, body: '{"title":"qdrant","version":"1.7.4"}' } : 'pass') // prettier-ignore
      expect((await examine({ QDRANT_URL: proxy.url }, '--only', 'vectors')).of('vectors').cause).to.contain('1.16 or newer') // prettier-ignore
    } finally {
      await proxy.stop()
    }
    const away = await examine({ QDRANT_URL: 'http://127.0.0.1:9' }, '--only', 'points')
    expect(away.of('vectors').cause).to.equal('nobody answers there')
    expect(away.of('points').status).to.equal('skipped')
  })

  it('a language model that takes too long, does not know the model, or does not take the key', async () => {
    const settings = { LLM_PROVIDER: 'ollama', LLM_MODEL: 'large', OLLAMA_BASE_URL: models.url, LLM_TIMEOUT_SECONDS: '1' } // prettier-ignore
    models.misbehave({ kind: 'hang' }, { kind: 'hang' }, { kind: 'hang' })
    const slow = await examine(settings, '--only', 'llm')
    expect(slow.code).to.equal(1)
    expect(slow.of('llm').cause).to.contain('no answer in LLM_TIMEOUT_SECONDS (1)')
    models.reset()
    models.misbehave({ kind: 'status', status: 404, body: { error: "model 'large' not found" } })
    expect((await examine(settings, '--only', 'llm')).of('llm').remedy).to.contain('ollama pull')
    models.reset()
    models.misbehave({ kind: 'status', status: 401, body: { error: { message: 'no' } } })
    const openai = { LLM_PROVIDER: 'openai', LLM_MODEL: 'm', LLM_BASE_URL: models.openAiUrl, LLM_API_KEY: 'sk-hidden' }
    const unknown = (await examine(openai, '--only', 'llm')).of('llm')
    expect(unknown.cause).to.contain('does not take the key')
    expect(JSON.stringify(unknown)).not.to.contain('sk-hidden')
    models.reset()
  })

  it('an embedding model whose vectors have another length', async () => {
    const { of } = await examine({ EMBEDDING_PROVIDER: 'openai', EMBEDDING_MODEL: 'small', EMBEDDING_DIM: '32', EMBEDDING_BASE_URL: models.openAiUrl, OPENAI_API_KEY: 'k' }, '--only', 'embedding') // prettier-ignore
    expect(of('embedding')).to.include({ status: 'failed' })
    expect(of('embedding').message).to.match(/16 dimensions, expected 32/)
  })

  it('too little memory: a container whose processes were ended, a limit that is too low, a heap that is too small', async () => {
    const cgroup = await mkdtemp(join(tmpdir(), 'selfrag-cgroup-'))
    const container = async (limit: number, events: string) => {
      await writeFile(join(cgroup, 'memory.max'), `${limit}\n`)
      await writeFile(join(cgroup, 'memory.current'), `${limit / 2}\n`)
      await writeFile(join(cgroup, 'memory.events'), events)
      return (await examine({ SELFRAG_CGROUP: cgroup }, '--only', 'memory')).of('memory')
    }
    const GIBI = 2 ** 30
    expect(await container(GIBI, 'low 0\noom 3\noom_kill 2\n')).to.include({ status: 'failed' })
    expect((await container(GIBI, 'oom 3\noom_kill 2\n')).cause).to.contain('ended 2 processes')
    expect(await container(GIBI / 8, 'oom_kill 0\n')).to.include({ status: 'failed' })
    expect(await container(GIBI, 'oom_kill 0\n')).to.include({ status: 'ok' })
    await rm(cgroup, { recursive: true })
    // What happens without the doctor's advice: JavaScript itself gives up.
    const heap = { env: { ...bareEnvironment, NODE_OPTIONS: '--max-old-space-size=64', ...healthy } }
    const output = await run(process.execPath, ['api/selfrag.ts', 'doctor', '--only', 'memory'], { cwd: root, ...heap }).then(() => '', (error: { code: number; stdout: string }) => `${error.code}: ${error.stdout}`) // prettier-ignore
    expect(output)
      .to.match(/^1: memory +FAILED/)
      .and.to.contain('heap out of memory')
  })

  it('slow queries: one that runs, one that waits for a lock', async () => {
    const [slow, holder, waiter] = [openTestDatabase(api.database.url), openTestDatabase(api.database.url), openTestDatabase(api.database.url)] // prettier-ignore
    const held = Promise.withResolvers<void>()
    const running = slow.raw('SELECT pg_sleep(60)').catch(() => undefined)
    try {
      const long = await eventually(async () => {
        const finding = (await examine({}, '--only', 'queries')).of('queries')
        expect(finding.status).to.equal('warning')
        return finding
      }, 15_000)
      expect(long).to.deep.include({ cause: 'SELECT pg_sleep(60)' })
      const lock = (sql: Knex.Transaction) => sql.raw('LOCK TABLE selfrag.tenants IN ACCESS EXCLUSIVE MODE')
      const locked = Promise.withResolvers<void>()
      const holding = holder.transaction(async sql => {
        await lock(sql)
        locked.resolve()
        await held.promise
      })
      await locked.promise
      const waiting = waiter.transaction(lock).catch(() => undefined)
      await eventually(async () => {
        // The database of the doctor itself must not wait for that lock.
        expect((await examine({}, '--only', 'queries')).of('queries').remedy).to.contain('pg_blocking_pids')
      })
      held.resolve()
      await Promise.all([holding, waiting])
    } finally {
      held.resolve()
      await openAndCancel(api.database.url)
      await running
      await Promise.all([slow, holder, waiter].map(one => one.destroy()))
    }
  })

  it('a full list of connections, as the server words it', async () => {
    const busy = createServer(socket => {
      socket.on('error', () => undefined)
      // The server's words before anybody has logged in: FATAL 53300.
      socket.once('data', () => socket.end(fatal('53300', 'sorry, too many clients already')))
    })
    await new Promise<void>(resolve => busy.listen(0, '127.0.0.1', resolve))
    const { port } = busy.address() as { port: number }
    const { of } = await examine({ DATABASE_URL: `postgresql://u:p@127.0.0.1:${port}/d?sslmode=disable` }, '--only', 'database') // prettier-ignore
    expect(of('database').message).to.contain('too many clients already')
    expect(of('database').remedy).to.contain('max_connections')
    busy.close()
  })

  it('points without rows and rows without points, another model, a collection that is gone', async () => {
    const { database, vectors } = api.application.stores
    const tenant = (await listTenants(database)).find(({ id }) => id === tenantId)!
    const scope = new TenantScope(tenant)
    const { id } = await inTenant(database, scope, async ({ sql }) => (await sql<{ id: string }>('documents').first('id'))!) // prettier-ignore
    await vectors.delete(scope.vectors(), { documentId: id })
    const lost = await examine({}, '--only', 'points')
    expect(lost.code).to.equal(0)
    expect(lost.of('points').message).to.match(/^1 documents lack points/)

    const other = await examine({ EMBEDDING_PROVIDER: 'openai', EMBEDDING_MODEL: 'other', EMBEDDING_DIM: '16', OPENAI_API_KEY: 'k' }, '--only', 'collections') // prettier-ignore
    expect(other.of('collections')).to.include({ status: 'failed' })
    expect(other.of('collections').cause).to.contain('embedding model was changed')

    const alias = sharedCollection(prefix)
    await vectors.collections.delete((await vectors.collections.resolve(alias))!)
    const gone = await examine({}, '--only', 'points')
    expect(gone.of('collections').message).to.equal(`${alias} is not there`)
    expect(gone.of('points').status).to.equal('skipped')
  })

  it('a Redis that is not there', async () => {
    const { of, code } = await examine({ REDIS_URL: 'redis://:hidden@127.0.0.1:9/0', RATE_LIMIT_STORAGE: 'redis' }, '--only', 'redis') // prettier-ignore
    expect(code).to.equal(1)
    expect(of('redis')).to.include({ status: 'failed' })
    expect(JSON.stringify(of('redis'))).not.to.contain('hidden')
  })

  it('a configuration that is refused: a line a fault', async () => {
    const { code, checks } = await examine({ PORT: 'many', EMBEDDING_DIM: '0' })
    expect(code).to.equal(1)
    expect(checks.map(({ message }) => message.split(':')[0])).to.deep.equal(['PORT', 'EMBEDDING_DIM'])
  })

  it('is run as a program too, for people, and says how it is used', async () => {
    const env = { ...bareEnvironment, ...healthy }
    const { stdout } = await run(join(root, 'hack/selfrag'), ['doctor', '--only', 'database'], { env })
    expect(stdout).to.match(/^database +ok +Postgres \d+/)
    for (const args of [[], ['doctor', '--only', 'horoscope'], ['doctor', '--what']]) {
      const error = await run(join(root, 'hack/selfrag'), args, { env }).then(() => expect.fail('it took that'), (failure: { code: number; stdout: string; stderr: string }) => failure) // prettier-ignore
      expect(error.code).to.equal(2)
      expect(error.stdout + error.stderr).to.contain('usage: selfrag')
    }
  })
})

async function openAndCancel(url: string): Promise<void> {
  const database = openTestDatabase(url)
  await database.raw(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND pid <> pg_backend_pid()`) // prettier-ignore
  await database.destroy()
}

/** An ErrorResponse of Postgres' protocol. */
function fatal(code: string, message: string): Buffer {
  const fields = ['SFATAL', `C${code}`, `M${message}`].map(field => `${field}\0`).join('') + '\0'
  const length = Buffer.alloc(4)
  length.writeInt32BE(fields.length + 4)
  return Buffer.concat([Buffer.from('E'), length, Buffer.from(fields)])
}
