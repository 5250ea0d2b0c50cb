import type { Redis } from 'ioredis'
import type { Knex } from 'knex'
import { type TestQdrant } from './qdrant.ts'

/** Rows that name something, by table (`schema.table`); tables without any are left out. Columns of bytes are looked into too. */
export async function rowsThatName(database: Knex, text: string): Promise<Record<string, number>> {
  const { rows: tables } = await database.raw<{ rows: { name: string }[] }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  )
  const counts = tables.map(
    ({ name }) => `SELECT '${name}' AS name, count(*)::int AS count FROM ${name} AS one
      WHERE CAST(one AS text) LIKE '%' || :text || '%' OR CAST(one AS text) LIKE '%' || :bytes || '%'`,
  )
  const { rows } = await database.raw<{ rows: { name: string; count: number }[] }>(counts.join(' UNION ALL '), {
    text,
    bytes: Buffer.from(text).toString('hex'),
  })
  return Object.fromEntries(rows.filter(({ count }) => count > 0).map(({ name, count }) => [name, count]))
}

/** Points of any collection with that prefix whose payload names something. */
export async function pointsThatName({ url, apiKey }: TestQdrant, prefix: string, text: string): Promise<number> {
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { 'content-type': 'application/json', ...(apiKey && { 'api-key': apiKey }) }
    const response = await fetch(url + path, { ...init, headers })
    return ((await response.json()) as { result: { collections: { name: string }[]; points: object[] } }).result
  }
  let found = 0
  for (const { name } of (await ask('/collections')).collections.filter(one => one.name.startsWith(prefix))) {
    const body = JSON.stringify({ limit: 10_000, with_payload: true, with_vector: false })
    const { points } = await ask(`/collections/${name}/points/scroll`, { method: 'POST', body })
    found += points.filter(point => JSON.stringify(point).includes(text)).length
  }
  return found
}

/** Cached values that name something, by their content or by the tenant in their key. What is kept about them ends by itself. */
export async function cachedThatName(redis: Redis, text: string): Promise<number> {
  let found = 0
  for (const key of await redis.keys('selfrag:cache:*')) {
    if (/:(epoch|index):/.test(key)) continue
    if (key.includes(text) || (await redis.get(key))?.includes(text)) found += 1
  }
  return found
}
