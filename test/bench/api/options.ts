import { parseArgs } from 'node:util'
import { type RetrieverName, retrieverNames } from '../../../api/contract/retrieval.ts'

export interface BenchOptions {
  readonly engine: 'qdrant' | 'pgvector'
  readonly chunks: number
  readonly tenants: number
  /** How long each measurement lasts. */
  readonly seconds: number
  /** How often each measurement is made; the medians are compared. */
  readonly rounds: number
  readonly retrievers: readonly RetrieverName[]
  /** Milliseconds that the API may take more than the raw call at concurrency 1, and its share of it at 32. */
  readonly bounds: { readonly addedMs: number; readonly throughput: number; readonly p95: number }
  /** Whether to say what the API's processor time goes to. */
  readonly profile: boolean
  /** Where the result goes as JSON; else it is printed. */
  readonly json: string | null
}

/** The bounds are those of docs/performance.md; the smoke run in CI widens them, because machines there are shared. */
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
      'added-ms': { type: 'string', default: '1.5' },
      throughput: { type: 'string', default: '0.7' },
      p95: { type: 'string', default: '2' },
      profile: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  })
  if (values.engine !== 'qdrant' && values.engine !== 'pgvector')
    throw new RangeError(`--engine must be qdrant or pgvector (got ${values.engine})`)
  return {
    engine: values.engine,
    chunks: positive('chunks', values.chunks),
    tenants: positive('tenants', values.tenants),
    seconds: positive('seconds', values.seconds),
    rounds: positive('rounds', values.rounds),
    retrievers: values.retriever.map(retriever),
    bounds: {
      addedMs: positive('added-ms', values['added-ms']),
      throughput: positive('throughput', values.throughput),
      p95: positive('p95', values.p95),
    },
    profile: values.profile,
    json: values.json ?? null,
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new RangeError(`--${name} must be a number above 0 (got ${text})`)
  return value
}

function retriever(name: string): RetrieverName {
  const known = retrieverNames.find(one => one === name)
  if (!known) throw new RangeError(`--retriever must be one of ${retrieverNames.join(', ')} (got ${name})`)
  return known
}
