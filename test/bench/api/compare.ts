import { startEmbedderAlone } from './embedder-alone.ts'
import { cpuSeconds, cpuSecondsOf } from '../operator/process-times.ts'
import { type Latencies, median } from './latencies.ts'
import { apiRequests, httpLoad, rawLoad } from './load.ts'
import { officialClient } from './official-client.ts'
import type { BenchOptions } from './options.ts'
import type { BenchQuery } from './query.ts'
import { type Comparison, verdicts } from './report.ts'
import type { Stack } from './stack.ts'
import type { StoreCall } from './store-calls.ts'

/** What is asked of the API, and the same asked of its store. */
export interface Asked {
  readonly queries: readonly BenchQuery[]
  readonly calls: readonly StoreCall[]
}

/**
 * Measures the API against its store, in turns. A comparison that breaks a bound is made anew as often as the options allow, and
 * the last one counts: other programs on the machine are no regression of this one.
 */
export async function compare(
  stack: Stack,
  asked: Asked,
  connections: number,
  options: BenchOptions,
): Promise<Comparison> {
  let comparison = await compareOnce(stack, asked, connections, options)
  for (let attempt = 1; attempt < options.tries && isBroken(comparison, options); attempt++)
    comparison = await compareOnce(stack, asked, connections, options)
  return comparison
}

function isBroken(comparison: Comparison, { bounds }: BenchOptions): boolean {
  return verdicts([comparison], bounds).some(({ kept }) => !kept)
}

async function compareOnce(
  stack: Stack,
  { queries, calls }: Asked,
  connections: number,
  options: BenchOptions,
): Promise<Comparison> {
  const { seconds } = options
  const load = { connections, seconds }
  const requests = apiRequests(queries)
  const embedder = options.embedding === 'local' ? await startEmbedderAlone(stack.environment) : null
  const raw: Latencies[] = []
  const api: Latencies[] = []
  const official = []
  const embedded = []
  const spent = { raw: 0, api: 0 }
  for (let round = 0; round < options.rounds; round++) {
    const [beforeRaw, beforeApi] = [storeSeconds(), cpuSecondsOf(stack.api.pid)]
    raw.push(await rawLoad(stack.environment, calls, load))
    spent.raw += storeSeconds() - beforeRaw
    api.push(await httpLoad(stack.url, requests, load))
    spent.api += cpuSecondsOf(stack.api.pid) - beforeApi
    if (options.engine === 'qdrant' && connections === 1)
      official.push(await officialClient(stack.environment, calls, seconds))
    if (embedder)
      embedded.push(
        await embedder.load(
          queries.map(({ body }) => body.query),
          load,
        ),
      )
  }
  await embedder?.close()
  return {
    retriever: queries[0]!.body.retriever,
    connections,
    raw: median(raw),
    api: median(api),
    // Of a store that this run has not started nothing is known.
    ...(spent.raw > 0 && { cpu: { raw: milliseconds(spent.raw, raw), api: milliseconds(spent.api, api) } }),
    ...(official.length > 0 && { official: median(official) }),
    ...(embedded.length > 0 && { embedder: median(embedded) }),
  }
}

/** What the store has computed so far, the processes that ended included. */
function storeSeconds(): number {
  return cpuSeconds()['postgres'] ?? 0
}

/** Of one answer. */
function milliseconds(seconds: number, rounds: readonly Latencies[]): number {
  return (1000 * seconds) / rounds.reduce((sum, { answers }) => sum + answers, 0)
}
