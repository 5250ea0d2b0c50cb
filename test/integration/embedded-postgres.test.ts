import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../api/standalone/embedded-postgres.ts'
import { pgliteUrl } from '../support/pglite.ts'

async function withPool<T>(url: string, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ connectionString: url, max: 8 })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

describe('embedded Postgres', function () {
  this.timeout(60_000)

  it('gives every connection its own answers, however large the parameters', async () => {
    const url = await pgliteUrl()
    const wrong = await withPool(url, async pool => {
      const answers = Array.from({ length: 400 }, async (_, i) => {
        const padding = 'x'.repeat(i % 4 === 0 ? 500_000 : 0)
        const sql = i % 2 ? 'SELECT $1::int AS n, $2::text AS p' : 'SELECT $1::text AS n, $2::text AS p, 1 AS other'
        const { rows } = await pool.query<{ n: number | string; p: string }>(sql, [i, padding])
        return rows[0]?.n === (i % 2 ? i : String(i)) && rows[0].p.length === padding.length
      })
      return (await Promise.all(answers)).filter(right => !right).length
    })
    expect(wrong).to.equal(0)
  })

  it('lets the others go on when a connection is lost inside a transaction', async () => {
    const url = await pgliteUrl()
    const lost = new pg.Client({ connectionString: url })
    lost.on('error', () => undefined)
    await lost.connect()
    await lost.query('BEGIN')
    await lost.query('CREATE TABLE half_done (id int)')
    await withPool(url, async pool => {
      const waiting = pool.query<{ found: string | null }>(`SELECT to_regclass('half_done')::text AS found`)
      ;(lost as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
      expect((await waiting).rows[0]?.found).to.equal(null)
    })
  })

  it('goes on after errors in the middle of a batch', async () => {
    const url = await pgliteUrl()
    await withPool(url, async pool => {
      const failed = await pool.query('SELECT 1 / $1::int', [0]).catch((error: unknown) => error)
      expect(failed).to.have.property('code', '22012')
      expect((await pool.query<{ n: number }>('SELECT $1::int AS n', [7])).rows[0]?.n).to.equal(7)
    })
  })

  it('keeps its data between starts and has pgvector', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selfrag-pglite-'))
    try {
      const first = await startEmbeddedPostgres(folder)
      await withPool(first.url, async pool => {
        await pool.query('CREATE EXTENSION vector')
        await pool.query('CREATE TABLE kept (v vector(2))')
        await pool.query('INSERT INTO kept VALUES ($1)', ['[1,2]'])
      })
      await first.stop()
      const second = await startEmbeddedPostgres(folder)
      const rows = await withPool(
        second.url,
        async pool => (await pool.query<{ v: string }>('SELECT v::text FROM kept')).rows,
      )
      await second.stop()
      expect(rows).to.deep.equal([{ v: '[1,2]' }])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
