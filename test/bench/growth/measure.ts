import { type Latencies, median } from '../api/latencies.ts'
import { apiRequests, httpLoad, rawLoad } from '../api/load.ts'
import type { BenchQuery } from '../api/query.ts'
import type { Stack } from '../api/stack.ts'
import { storeCalls } from '../api/store-calls.ts'
import { memoryOf } from '../operator/process-times.ts'

export interface Measured {
  readonly raw: Latencies
  readonly api: Latencies
  /** Eight at a time. */
  readonly loaded: Latencies
  /** Of a fresh API that has answered all of this. */
  readonly megabytes: number
}

/** What the questions cost, one at a time and eight at a time, and what an API needs that answers them. */
export async function measure(stack: Stack, queries: readonly BenchQuery[], seconds: number): Promise<Measured> {
  const calls = await storeCalls(stack, queries)
  const requests = apiRequests(queries)
  const { api, url } = await stack.startApi()
  try {
    await httpLoad(url, requests, { connections: 8, seconds: Math.max(2, seconds / 2) })
    const rounds = [0, 1, 2]
    const raw: Latencies[] = []
    const answered: Latencies[] = []
    for (const _ of rounds) {
      raw.push(await rawLoad(stack.environment, calls, { connections: 1, seconds }))
      answered.push(await httpLoad(url, requests, { connections: 1, seconds }))
    }
    const loaded = await httpLoad(url, requests, { connections: 8, seconds })
    return { raw: median(raw), api: median(answered), loaded, megabytes: memoryOf(api.pid).now }
  } finally {
    await api.stop()
  }
}
