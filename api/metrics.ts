import type { ErrorCode } from './contract/error-codes.ts'
import type { ModelUse } from './providers/model-use.ts'
import type { CacheKind } from './stores/caches/cache-store.ts'
import type { CacheOutcome } from './stores/caches/cache.ts'
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

export interface HttpMetrics {
  observe(method: string, route: string, status: number, seconds: number): void
  /** A request was answered with this error. */
  countError(code: ErrorCode): void
}

/** Calls of one kind since the start, as `/metrics` tells them in JSON. */
export interface CallStatistics {
  readonly count: number
  readonly averageSeconds: number
  readonly errors: number
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const latencies = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/**
 * Everything that is counted, in a registry of its own: two applications in one process count apart. Labels come from
 * lists that the code knows (routes, providers, retrievers), never from what callers send.
 */
export class Metrics implements HttpMetrics {
  readonly registry = new Registry()
  readonly #requests = new Counter({
    name: 'http_requests_total',
    help: 'HTTP requests that were answered.',
    labelNames: ['method', 'route', 'status'],
    registers: [this.registry],
  })
  readonly #requestDuration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the first byte of a request to the last of its answer.',
    labelNames: ['method', 'route'],
    buckets: latencies,
    registers: [this.registry],
  })
  readonly #errors = new Counter({
    name: 'http_errors_total',
    help: 'Requests that were answered with an error, by its code.',
    labelNames: ['code'],
    registers: [this.registry],
  })
  readonly #calls = {
    llm: this.#callCounter('llm_calls_total', 'Calls of the language model.', 'provider'),
    embedding: this.#callCounter('embedding_calls_total', 'Calls of the embedding model, each of one or more texts.', 'provider'), // prettier-ignore
    rerank: this.#callCounter('rerank_calls_total', 'Calls of the reranker.', 'provider'),
    retrieval: this.#callCounter('retrieval_operations_total', 'Searches.', 'retriever'),
  }
  readonly #fallbacks = new Counter({
    name: 'llm_fallbacks_total',
    help: 'Calls that another language model took over, by the providers of both.',
    labelNames: ['from', 'to'],
    registers: [this.registry],
  })
  readonly #tokens = new Counter({
    name: 'model_tokens_total',
    help: 'Tokens that models read (input) and wrote (output), as their providers count them.',
    labelNames: ['use', 'provider', 'direction'],
    registers: [this.registry],
  })
  readonly #retries = new Counter({
    name: 'model_retries_total',
    help: 'Requests to a model that were sent again after they failed.',
    labelNames: ['use', 'provider'],
    registers: [this.registry],
  })
  readonly #callDuration = {
    llm: this.#callHistogram('llm_call_duration_seconds', 'provider'),
    embedding: this.#callHistogram('embedding_call_duration_seconds', 'provider'),
    rerank: this.#callHistogram('rerank_call_duration_seconds', 'provider'),
    retrieval: this.#callHistogram('retrieval_operation_duration_seconds', 'retriever'),
  }
  readonly #lookups = new Counter({
    name: 'cache_lookups_total',
    help: 'Lookups in the caches; bypass: computed without one because it could not be asked.',
    labelNames: ['cache', 'outcome'],
    registers: [this.registry],
  })
  readonly #queries = new Histogram({
    name: 'database_query_duration_seconds',
    help: 'Duration of database queries.',
    buckets: latencies,
    registers: [this.registry],
  })

  /** Event loop, heap and CPU of this process; one registry of a process should have them. */
  addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry })
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    const known = methods.has(method) ? method : 'other'
    this.#requests.inc({ method: known, route, status })
    this.#requestDuration.observe({ method: known, route }, seconds)
  }

  countError(code: ErrorCode): void {
    this.#errors.inc({ code })
  }

  /** Runs one call and counts it with its outcome; what it throws goes on. */
  async time<T>(kind: CallKind, name: string, work: () => Promise<T>): Promise<T> {
    const started = performance.now()
    try {
      const result = await work()
      this.count(kind, name, 'success', started)
      return result
    } catch (error) {
      this.count(kind, name, 'error', started)
      throw error
    }
  }

  /** @param started of performance.now() */
  count(kind: CallKind, name: string, outcome: 'success' | 'error', started: number): void {
    const label = kind === 'retrieval' ? 'retriever' : 'provider'
    this.#calls[kind].inc({ [label]: name, outcome })
    this.#callDuration[kind].observe({ [label]: name }, (performance.now() - started) / 1000)
  }

  countLookup(kind: CacheKind, outcome: CacheOutcome): void {
    this.#lookups.inc({ cache: kind, outcome })
  }

  /** Lookups of each cache since the start. */
  async lookups(): Promise<ReadonlyMap<string, Readonly<Record<CacheOutcome, number>>>> {
    const caches = new Map<string, Record<CacheOutcome, number>>()
    for (const { value, labels } of (await this.#lookups.get()).values) {
      const known = caches.get(String(labels['cache'])) ?? { hit: 0, miss: 0, bypass: 0 }
      caches.set(String(labels['cache']), { ...known, [String(labels['outcome'])]: value })
    }
    return caches
  }

  countFallback(from: string, to: string): void {
    this.#fallbacks.inc({ from, to })
  }

  countTokens(use: ModelUse, provider: string, direction: 'input' | 'output', count: number): void {
    this.#tokens.inc({ use, provider, direction }, count)
  }

  countRetry(use: ModelUse, provider: string): void {
    this.#retries.inc({ use, provider })
  }

  observeQuery(seconds: number): void {
    this.#queries.observe(seconds)
  }

  /** A gauge whose values are asked for when somebody scrapes. */
  addGauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    collect: (set: (value: number, labels?: Record<L, string>) => void) => void | Promise<void>,
  ): void {
    // prettier-ignore
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      async collect() {
        this.reset()
        // Without labels it would begin as 0, and what is not known must not be told as 0.
        if (labelNames.length === 0) this.remove()
        await collect((value, labels) => (labels ? this.set(labels, value) : this.set(value)))
      },
    })
  }

  async calls(kind: CallKind): Promise<ReadonlyMap<string, CallStatistics>> {
    const label = kind === 'retrieval' ? 'retriever' : 'provider'
    const sums = new Map<string, { count: number; seconds: number; errors: number }>()
    const entry = (name: unknown) => {
      const key = String(name)
      const known = sums.get(key) ?? { count: 0, seconds: 0, errors: 0 }
      sums.set(key, known)
      return known
    }
    for (const { value, labels, metricName } of (await this.#callDuration[kind].get()).values) {
      if (metricName?.endsWith('_sum')) entry(labels[label]).seconds = value
      if (metricName?.endsWith('_count')) entry(labels[label]).count = value
    }
    for (const { value, labels } of (await this.#calls[kind].get()).values)
      if (labels['outcome'] === 'error') entry(labels[label]).errors += value
    return new Map(
      [...sums].map(([name, { count, seconds, errors }]) => [
        name,
        { count, averageSeconds: count === 0 ? 0 : seconds / count, errors },
      ]),
    )
  }

  async queries(): Promise<CallStatistics> {
    const { values } = await this.#queries.get()
    const read = (suffix: string) => values.find(({ metricName }) => metricName?.endsWith(suffix))?.value ?? 0
    const count = read('_count')
    return { count, averageSeconds: count === 0 ? 0 : read('_sum') / count, errors: 0 }
  }

  #callCounter(name: string, help: string, label: string) {
    return new Counter({ name, help, labelNames: [label, 'outcome'], registers: [this.registry] })
  }

  #callHistogram(name: string, label: string) {
    return new Histogram({
      name,
      help: 'Duration of those calls.',
      labelNames: [label],
      buckets: latencies,
      registers: [this.registry],
    })
  }
}

export type CallKind = ModelUse | 'retrieval'
