import { QdrantClient } from '@qdrant/js-client-rest'
import { type Latencies, summarize } from './latencies.ts'
import type { StoreCall } from './store-calls.ts'

/** The same searches through the official client with its default transport, one at a time. */
export async function officialClient(
  environment: Readonly<Record<string, string>>,
  calls: readonly StoreCall[],
  seconds: number,
): Promise<Latencies> {
  const apiKey = environment['QDRANT_API_KEY']
  const client = new QdrantClient({
    url: environment['QDRANT_URL']!,
    ...(apiKey && { apiKey }),
    checkCompatibility: false,
  })
  const times: number[] = []
  const end = performance.now() + seconds * 1000
  for (let next = 0; performance.now() < end; next++) {
    const call = calls[next % calls.length]!
    if (call.engine !== 'qdrant') throw new TypeError('the official client speaks to Qdrant only')
    const collection = decodeURIComponent(call.path.split('/')[2] ?? '')
    const start = performance.now()
    await client.queryBatch(collection, JSON.parse(call.body) as Parameters<QdrantClient['queryBatch']>[1])
    times.push(performance.now() - start)
  }
  return summarize(times, seconds, 0)
}
