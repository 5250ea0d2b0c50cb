import { expect } from 'chai'
import type { Knex } from 'knex'
import { after, afterEach, before, describe, it } from 'mocha'
import { openDatabase } from '../../api/stores/postgres/database.ts'
import { parseDatabaseUrl } from '../../api/stores/postgres/database-address.ts'
import { brokenConstraint, databaseFault } from '../../api/stores/postgres/database-errors.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { openTestDatabase, postgres, type TestDatabase } from '../support/postgres.ts'
import { tcpGate } from '../support/tcp-gate.ts'

describe('stores/postgres/database', function () {
  this.timeout(30_000)
  let test: TestDatabase
  const pools: Knex[] = []

  before(async () => {
    test = await (await postgres()).createDatabase()
    const setup = openTestDatabase(test.url)
    await setup.raw(
      'CREATE TABLE parent (id int PRIMARY KEY); ' +
        'CREATE TABLE child (id int CONSTRAINT child_id UNIQUE CHECK (id > 0), parent int REFERENCES parent)',
    )
    await setup.destroy()
  })
  after(() => test.drop())
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.destroy()
  })

  const open = (url: string, settings: Parameters<typeof openTestDatabase>[1] = {}) => {
    const pool = openTestDatabase(url, settings)
    pools.push(pool)
    return pool
  }
  const failure = (query: PromiseLike<unknown>): PromiseLike<unknown> =>
    query.then(
      () => null,
      (error: unknown) => error,
    )
  const changed = (change: (url: URL) => void) => {
    const url = new URL(test.url)
    change(url)
    return url.href
  }

  it('shows its name in pg_stat_activity', async () => {
    const pool = open(test.url, { applicationName: 'selfrag-worker' })
    const { rows } = await pool.raw<{ rows: { name: string }[] }>(
      'SELECT application_name AS name FROM pg_stat_activity WHERE pid = pg_backend_pid()',
    )
    expect(rows[0]?.name).to.equal('selfrag-worker')
  })

  it('connects with sslmode prefer to a server without TLS, and says so with require', async () => {
    await open(changed(url => url.searchParams.set('sslmode', 'prefer'))).raw('SELECT 1')
    await open(changed(url => url.searchParams.set('sslmode', 'disable'))).raw('SELECT 1')
    const refusal = await failure(open(changed(url => url.searchParams.set('sslmode', 'require'))).raw('SELECT 1'))
    expect(String(refusal)).to.include('does not support SSL')
  })

  it("tells the server's words, with the statement beside them, also inside a transaction", async () => {
    const pool = open(test.url)
    const failures = [
      failure(pool.raw('SELECT no_such_column FROM parent WHERE id = ?', [7])),
      failure(pool.transaction(sql => sql.raw('SELECT no_such_column FROM parent WHERE id = ?', [7]))),
      failure(pool.transaction(sql => sql.transaction(inner => inner.raw('SELECT no_such_column FROM parent WHERE id = ?', [7])))), // prettier-ignore
    ]
    for (const error of await Promise.all(failures)) {
      expect(error).to.have.property('message', 'column "no_such_column" does not exist')
      expect(error).to.have.property('statement', 'SELECT no_such_column FROM parent WHERE id = $1')
    }
  })

  it('is unavailable when the connection breaks in the middle of a statement', async () => {
    const gate = await tcpGate(test.url)
    const pool = open(gate.url)
    const running = failure(pool.raw('SELECT pg_sleep(20)'))
    await eventually(async () => {
      const { rows } = await open(test.url).raw<{ rows: unknown[] }>(`SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(20)'`) // prettier-ignore
      expect(rows).to.have.length(1)
    })
    await gate.close()
    const error = await running
    expect(databaseFault(error), String(error)).to.equal('unavailable')
  })

  it('replaces a connection that the server has closed', async () => {
    const pool = open(test.url, { pool: { keep: 1, max: 1, acquireTimeoutMs: 5_000, lifetimeMs: 60_000 } })
    const pid = async () =>
      (await pool.raw<{ rows: { pid: number }[] }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0
    const first = await pid()
    await open(test.url).raw('SELECT pg_terminate_backend(?)', [first])
    // Until the server's farewell has arrived, queries fail, and as unavailable.
    const second = await eventually(async () => {
      const answer = await pid().catch((error: unknown) => error)
      if (typeof answer === 'number') return answer
      expect(databaseFault(answer), String(answer)).to.equal('unavailable')
      throw answer as Error
    })
    expect(second).to.not.equal(first)
  })

  it('keeps as many connections as it is told, opens more under load, and replaces those that grow old', async () => {
    const [keep, max, lifetimeMs] = [2, 5, 1_000]
    const pool = open(test.url, { applicationName: 'pool-sizes', pool: { keep, max, acquireTimeoutMs: 5_000, lifetimeMs } }) // prettier-ignore
    const watcher = open(test.url)
    const pids = async () => {
      const { rows } = await watcher.raw<{ rows: { pid: number }[] }>(`SELECT pid FROM pg_stat_activity WHERE application_name = 'pool-sizes'`) // prettier-ignore
      return rows.map(({ pid }) => pid)
    }
    await Promise.all(Array.from({ length: 12 }, () => pool.raw('SELECT pg_sleep(0.1)')))
    const busy = await pids()
    expect(busy).to.have.length(max)
    await eventually(async () => {
      await pool.raw('SELECT 1')
      expect(await pids()).not.to.include.members(busy.slice(0, 1))
    })
  })

  it('gives up when no connection becomes free', async () => {
    const pool = open(test.url, { pool: { keep: 1, max: 1, acquireTimeoutMs: 200, lifetimeMs: 60_000 } })
    // On a busy machine connecting alone can take longer than that.
    await eventually(() => pool.raw('SELECT 1'))
    const refusal = await pool.transaction(async () => failure(pool.raw('SELECT 1')))
    expect(databaseFault(refusal)).to.equal('unavailable')
  })

  it('cancels a statement that takes too long', async () => {
    const refusal = await failure(open(test.url, { statementTimeoutMs: 100 }).raw('SELECT pg_sleep(10)'))
    expect(databaseFault(refusal)).to.equal('timeout')
  })

  it('recovers by itself when the server comes back', async () => {
    // A port where nobody listens, until a tunnel to the real server does.
    const port = await freePort()
    const pool = open(changed(url => (url.port = String(port))))
    expect(databaseFault(await failure(pool.raw('SELECT 1')))).to.equal('unavailable')
    const { createServer, connect } = await import('node:net')
    const real = parseDatabaseUrl(test.url)
    const tunnel = createServer(socket => {
      const other = connect(real.port, real.host)
      socket.pipe(other).pipe(socket)
      for (const end of [socket, other]) end.on('error', () => [socket, other].forEach(one => one.destroy()))
    })
    await new Promise<void>(resolve => tunnel.listen(port, '127.0.0.1', resolve))
    expect(await failure(pool.raw('SELECT 1'))).to.equal(null)
    await pool.destroy()
    await new Promise(resolve => tunnel.close(resolve))
  })

  it('tells faults apart', async () => {
    const pool = open(test.url)
    const faultOf = async (query: string) => databaseFault(await failure(pool.raw(query)))
    await pool.raw('INSERT INTO child VALUES (1)')
    expect(await faultOf('INSERT INTO child VALUES (1)')).to.equal('conflict')
    expect(brokenConstraint(await failure(pool.raw('INSERT INTO child VALUES (1)')))).to.equal('child_id')
    expect(await faultOf('INSERT INTO child VALUES (-1)')).to.equal('invalid')
    expect(await faultOf('INSERT INTO child VALUES (2, 2)')).to.equal('invalid')
    expect(await faultOf("SELECT 'x'::uuid")).to.equal('invalid')
    expect(await faultOf('SELECT * FROM nothing')).to.equal('missing')
    expect(await faultOf('SELECT * FROM nowhere.nothing')).to.equal('missing')
    expect(await faultOf('SELECT * FROM pg_authid')).to.equal('forbidden')
    expect(await faultOf('SELEC')).to.equal('other')
    expect(databaseFault(new Error('of something else'))).to.equal('other')
  })

  it('tells a server that is away from one that refuses', async () => {
    const wrong = (change: (url: URL) => void) => failure(open(changed(change)).raw('SELECT 1'))
    const port = await freePort()
    expect(databaseFault(await wrong(url => (url.port = String(port))))).to.equal('unavailable')
    expect(databaseFault(await wrong(url => (url.hostname = 'nobody.invalid')))).to.equal('unavailable')
    expect(databaseFault(await wrong(url => (url.password = 'wrong')))).to.equal('refused')
    expect(databaseFault(await wrong(url => (url.pathname = '/nothing')))).to.equal('refused')
    const closed = openDatabase({ address: parseDatabaseUrl(test.url), applicationName: 'closed' })
    await closed.destroy()
    expect(databaseFault(await failure(closed.raw('SELECT 1')))).to.equal('unavailable')
  })
})
