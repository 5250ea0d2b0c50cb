import { QdrantClient } from '@qdrant/js-client-rest'
import { QdrantTransport } from '../../api/stores/vectors/qdrant/transport.ts'
import { mochaGlobalTeardown } from '../support/teardown.ts'
import { qdrant } from '../support/qdrant.ts'
import { randomUnit } from '../contract/vector-store-points.ts'
import { seededRandom } from '../support/random.ts'

/**
 * How much of a query's time is the transport: the same query through the official client (fetch) and through ours
 * (node:http, kept alive, noDelay), in turns so that both meet the same machine. `npm run bench:qdrant-transport`; with
 * QDRANT_URL it measures that server, in a collection that it makes and deletes.
 */
const DIMENSION = 384
const POINTS = Number(process.env['POINTS'] ?? 200)
const QUERIES = Number(process.env['QUERIES'] ?? 200)
const WARM_UP = 10
const COLLECTION = 'selfrag_bench_transport'

const server = await qdrant()
const transport = new QdrantTransport(server)
const client = new QdrantClient({ ...server, checkCompatibility: false })
const random = seededRandom(1)
const vector = () => [...randomUnit(random, DIMENSION)]

try {
  await transport.request('PUT', `/collections/${COLLECTION}`, {
    vectors: { dense: { size: DIMENSION, distance: 'Cosine' } },
  })
  const points = Array.from({ length: POINTS }, (_, id) => ({ id, vector: { dense: vector() }, payload: { n: id } }))
  await transport.request('PUT', `/collections/${COLLECTION}/points?wait=true`, { points })

  const query = { using: 'dense', limit: 10, filter: { must: [{ key: 'n', range: { gte: 0 } }] } }
  const ways = {
    'official client (fetch)': async (asked: number[]) => client.queryBatch(COLLECTION, { searches: [{ ...query, query: asked }] }), // prettier-ignore
    'node:http, keep-alive, noDelay': async (asked: number[]) =>
      transport.request('POST', `/collections/${COLLECTION}/points/query/batch`, { searches: [{ ...query, query: asked }] }), // prettier-ignore
  }
  const times = new Map(Object.keys(ways).map(name => [name, [] as number[]]))
  for (let round = 0; round < WARM_UP + QUERIES; round++)
    for (const [name, ask] of Object.entries(ways)) {
      const asked = vector()
      const start = performance.now()
      await ask(asked)
      if (round >= WARM_UP) times.get(name)?.push(performance.now() - start)
    }
  const { version } = await transport.plain<{ version: string }>('/')
  console.log(
    `Qdrant ${version}, ${POINTS} points of ${DIMENSION} dimensions, ${QUERIES} queries each, top 10, one at a time`,
  )
  for (const [name, list] of times) console.log(`${name.padEnd(32)} p50 ${at(list, 0.5)} ms   p95 ${at(list, 0.95)} ms`)
} finally {
  await transport.request('DELETE', `/collections/${COLLECTION}`)
  transport.close()
  await mochaGlobalTeardown()
}

function at(list: readonly number[], quantile: number): string {
  const sorted = [...list].sort((a, b) => a - b)
  return (sorted[Math.floor(sorted.length * quantile)] ?? NaN).toFixed(1).padStart(6)
}
