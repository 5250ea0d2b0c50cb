import { parseArgs } from 'node:util'
import { type RetrieverName, retrieverNames } from '../../../api/contract/retrieval.ts'

export interface Bounds {
  /** Milliseconds that the API may take more than the raw call, one at a time. */
  readonly addedMs: number
  /** In place of that: how many times the raw call's p50 it may take, whatever the machine's speed is. */
  readonly timesRaw: number | null
  /** The processor time that it may take, as a share of what the store takes for the raw call; null: told only. */
  readonly cpu: number | null
  /** Its share of the raw call's answers a second, 32 at a time. */
  readonly throughput: number
  /** Times the raw call's p95, 32 at a time. */
  readonly p95: number
}

export interface BenchOptions {
  readonly engine: 'qdrant' | 'pgvector'
  readonly chunks: number
  readonly tenants: number
  /** How long each measurement lasts. */
  readonly seconds: number
  /** How often each measurement is made; the medians are compared. */
  readonly rounds: number
  readonly retrievers: readonly RetrieverName[]
  /** Where questions get their vectors: `server`: once, then from the cache; `local`: from the model in the API, each time. */
  readonly embedding: 'server' | 'local'
  readonly bounds: Bounds
  /** How often a comparison that breaks a bound is made before that counts. */
  readonly tries: number
  /** Whether to say what the API's processor time goes to. */
  readonly profile: boolean
  /** Where the result goes as JSON; else it is printed. */
  readonly json: string | null
}

/** The bounds are those of docs/performance.md; the smoke run in CI (`npm run bench:smoke`) has others, because machines there are shared. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      engine: { type: 'string', default: process.env['QDRANT_URL'] ? 'qdrant' : 'pgvector' },
      chunks: { type: 'string', default: '20000' },
      tenants: { type: 'string', default: '4' },
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
      retriever: { type: 'string', multiple: true, default: ['dense', 'bm25', 'hybrid'] },
      embedding: { type: 'string', default: 'server' },
      'added-ms': { type: 'string', default: '1.5' },
      'times-raw': { type: 'string' },
      cpu: { type: 'string' },
      throughput: { type: 'string', default: '0.7' },
      p95: { type: 'string', default: '2' },
      tries: { type: 'string', default: '1' },
      profile: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  })
  if (values.engine !== 'qdrant' && values.engine !== 'pgvector')
    throw new RangeError(`--engine must be qdrant or pgvector (got ${values.engine})`)
  if (values.embedding !== 'server' && values.embedding !== 'local')
    throw new RangeError(`--embedding must be server or local (got ${values.embedding})`)
  return {
    engine: values.engine,
    chunks: positive('chunks', values.chunks),
    tenants: positive('tenants', values.tenants),
    seconds: positive('seconds', values.seconds),
    rounds: positive('rounds', values.rounds),
    retrievers: values.retriever.map(retriever),
    embedding: values.embedding,
    bounds: {
      addedMs: positive('added-ms', values['added-ms']),
      cpu: values.cpu === undefined ? null : positive('cpu', values.cpu),
      timesRaw: values['times-raw'] === undefined ? null : positive('times-raw', values['times-raw']),
      throughput: positive('throughput', values.throughput),
      p95: positive('p95', values.p95),
    },
    tries: positive('tries', values.tries),
    profile: values.profile,
    json: values.json ?? null,
  }
}

export function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new RangeError(`--${name} must be a number above 0 (got ${text})`)
  return value
}

export function retriever(name: string): RetrieverName {
  const known = retrieverNames.find(one => one === name)
  if (!known) throw new RangeError(`--retriever must be one of ${retrieverNames.join(', ')} (got ${name})`)
  return known
}
