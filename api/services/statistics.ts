import type { CallKind, CallStatistics, Metrics } from '../metrics.ts'
import type { PoolStatistics } from '../metrics/database-metrics.ts'

/** What does not change while the process runs. */
export interface ServiceFacts {
  readonly version: string
  readonly environment: string
  readonly startedAt: Date
  readonly llm: { readonly provider: string; readonly model: string | null }
  readonly embedding: { readonly provider: string; readonly model: string | null; readonly dimension: number | null }
  readonly poolSize: number
}

/** The figures of this process, in the format of Prometheus and as the original service's JSON. */
export class StatisticsService {
  readonly #metrics: Metrics
  readonly #facts: ServiceFacts
  readonly #pool: () => PoolStatistics
  readonly #now: () => Date

  constructor(metrics: Metrics, facts: ServiceFacts, pool: () => PoolStatistics, now: () => Date) {
    this.#metrics = metrics
    this.#facts = facts
    this.#pool = pool
    this.#now = now
  }

  async prometheus(): Promise<{ text: string; contentType: string }> {
    const { registry } = this.#metrics
    return { text: await registry.metrics(), contentType: registry.contentType }
  }

  async summary() {
    const { version, environment, startedAt, llm, embedding, poolSize } = this.#facts
    const now = this.#now()
    const seconds = (now.getTime() - startedAt.getTime()) / 1000
    const queries = await this.#metrics.queries()
    return {
      service: {
        uptime_seconds: round(seconds, 1),
        uptime_human: humanDuration(seconds),
        timestamp: now.toISOString(),
        version,
        environment,
      },
      config: {
        llm_provider: llm.provider,
        llm_model: llm.model,
        embedding_provider: embedding.provider,
        embedding_model: embedding.model,
        embedding_dim: embedding.dimension,
      },
      stats: {
        calls: { ...(await this.#calls('llm', 'llm:')), ...(await this.#calls('embedding', 'embedding:')) },
        retrievals: await this.#calls('retrieval', ''),
        caches: await this.#caches(),
        database: {
          active_connections: this.#pool().active,
          pool_size: poolSize,
          avg_query_time_ms: round(queries.averageSeconds * 1000, 2),
        },
      },
    }
  }

  async #caches() {
    const caches = [...(await this.#metrics.lookups())]
    return Object.fromEntries(
      caches.map(([name, { hit, miss, bypass }]) => {
        const count = hit + miss + bypass
        return [name, { count, hit_rate: count === 0 ? 0 : round(hit / count, 4) }]
      }),
    )
  }

  async #calls(kind: CallKind, prefix: string) {
    const calls = await this.#metrics.calls(kind)
    return Object.fromEntries([...calls].map(([name, statistics]) => [prefix + name, show(statistics)]))
  }
}

function show({ count, averageSeconds, errors }: CallStatistics) {
  return { count, avg_latency_ms: round(averageSeconds * 1000, 2), error_rate: count === 0 ? 0 : round(errors / count, 4) } // prettier-ignore
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

/** `1h 0m 5s` */
export function humanDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const days = Math.floor(whole / 86_400)
  const rest = `${Math.floor((whole % 86_400) / 3600)}h ${Math.floor((whole % 3600) / 60)}m ${whole % 60}s`
  return days > 0 ? `${days}d ${rest}` : rest
}
