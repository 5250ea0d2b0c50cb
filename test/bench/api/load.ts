import autocannon from 'autocannon'
import pg from 'pg'
import { type Latencies, summarize } from './latencies.ts'
import type { BenchQuery } from './query.ts'
import { bearer } from './fill.ts'
import type { StoreCall } from './store-calls.ts'

export interface HttpRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Load {
  readonly connections: number
  readonly seconds: number
}

/** Steady load over kept-alive connections; the requests in turn. */
export async function httpLoad(url: string, requests: readonly HttpRequest[], load: Load): Promise<Latencies> {
  const times: number[] = []
  let failed = 0
  const start = performance.now()
  // It looks at its watch once a second only, so the load may last longer than asked.
  let end = start
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>()
  const run = autocannon(
    {
      url,
      connections: load.connections,
      duration: load.seconds,
      requests: requests.map(({ path, headers, body }) => ({
        method: 'POST' as const,
        path,
        headers: { 'content-type': 'application/json', ...headers },
        body,
      })),
    },
    (error: Error | null, result) => (error ? reject(error) : resolve(result)),
  )
  // Its own histogram counts whole milliseconds.
  run.on('response', (_client, status, _bytes, time) => {
    times.push(time)
    end = performance.now()
    if (status !== 200) failed++
  })
  const { errors, timeouts } = await promise
  return summarize(times, (end - start) / 1000, failed + errors + timeouts)
}

export function apiRequests(queries: readonly BenchQuery[]): HttpRequest[] {
  return queries.map(({ tenant, body }) => ({
    path: '/v1/retrieve',
    headers: bearer(tenant.key),
    body: JSON.stringify(body),
  }))
}

/** The same load on the store itself, with nothing between but its own protocol. */
export async function rawLoad(
  environment: Readonly<Record<string, string>>,
  calls: readonly StoreCall[],
  load: Load,
): Promise<Latencies> {
  const overHttp = calls.filter(call => call.engine === 'qdrant')
  if (overHttp.length === 0)
    return sqlLoad(environment['DATABASE_URL']!, calls.filter(call => call.engine === 'pgvector'), load) // prettier-ignore
  const apiKey = environment['QDRANT_API_KEY']
  const headers = apiKey ? { 'api-key': apiKey } : {}
  return httpLoad(environment['QDRANT_URL']!, overHttp.map(call => ({ ...call, headers })), load) // prettier-ignore
}

async function sqlLoad(
  url: string,
  calls: readonly Extract<StoreCall, { engine: 'pgvector' }>[],
  load: Load,
): Promise<Latencies> {
  const times: number[] = []
  const connect = async () => {
    const connection = new pg.Client({ connectionString: url })
    await connection.connect()
    return connection
  }
  const connections = await Promise.all(Array.from({ length: load.connections }, connect))
  const start = performance.now()
  const end = start + load.seconds * 1000
  let next = 0
  const ask = async (connection: pg.Client) => {
    while (performance.now() < end) {
      const { sql, values } = calls[next++ % calls.length]!
      const asked = performance.now()
      await connection.query(sql, [...values])
      times.push(performance.now() - asked)
    }
  }
  await Promise.all(connections.map(ask))
  const seconds = (performance.now() - start) / 1000
  await Promise.all(connections.map(connection => connection.end()))
  return summarize(times, seconds, 0)
}
