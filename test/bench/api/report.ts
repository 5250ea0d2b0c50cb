import { columns, round } from '../columns.ts'
import type { Bounds } from './options.ts'
import type { Latencies } from './latencies.ts'

export interface Comparison {
  readonly retriever: string
  readonly connections: number
  readonly raw: Latencies
  readonly api: Latencies
  /** Milliseconds of processor time an answer: the store's for the raw call, and the API's own. Where the store is this run's. */
  readonly cpu?: { readonly raw: number; readonly api: number }
  /** One at a time on Qdrant only. */
  readonly official?: Latencies
  /** The model alone, where the API computes the vector of each question. */
  readonly embedder?: Latencies
}

export interface Verdict {
  readonly what: string
  readonly value: number
  readonly bound: number
  readonly kept: boolean
}

/** What docs/performance.md promises, and how it came out. Pure. */
export function verdicts(comparisons: readonly Comparison[], bounds: Bounds): Verdict[] {
  const all = comparisons.flatMap(one => [...judge(one, bounds), ...ownTime(one, bounds)])
  return [...all, ...hybridCost(comparisons)]
}

function judge({ retriever, connections, raw, api, official, embedder }: Comparison, bounds: Bounds): Verdict[] {
  const at = `${retriever}, ${connections} at a time`
  const failed = atMost(`${at}: failed requests`, api.failed, 0)
  if (connections === 1) {
    const p50 = raw.p50 + (embedder?.p50 ?? 0)
    const above = embedder ? 'the raw call’s and the model’s' : 'the raw call’s'
    const cost =
      bounds.timesRaw === null
        ? atMost(`${at}: p50 above ${above}, ms`, api.p50 - p50, bounds.addedMs)
        : atMost(`${at}: p50, times ${above}`, api.p50 / p50, bounds.timesRaw)
    if (!official || official.p50 < 40) return [failed, cost]
    return [failed, cost, atLeast(`${at}: times faster than the official client`, official.p50 / api.p50, 10)]
  }
  // The model takes one question after the other, and then it is what all wait for.
  const slower = embedder && embedder.perSecond < raw.perSecond ? embedder : raw
  const whose = slower === raw ? 'the raw call’s' : 'the model’s'
  return [
    failed,
    atLeast(`${at}: share of ${whose} throughput`, api.perSecond / slower.perSecond, bounds.throughput),
    atMost(`${at}: p95, times ${whose}`, api.p95 / slower.p95, bounds.p95),
  ]
}

/** Whoever else computes on the machine makes all slower, but nobody's own work more. */
function ownTime({ retriever, connections, cpu }: Comparison, { cpu: bound }: Bounds): Verdict[] {
  // One at a time, what a server does while it waits weighs too much.
  if (!cpu || bound === null || connections === 1) return []
  return [atMost(`${retriever}, ${connections} at a time: own processor time, share of the store’s`, cpu.api / cpu.raw, bound)] // prettier-ignore
}

/** Both legs travel in one request and are searched side by side. */
function hybridCost(comparisons: readonly Comparison[]): Verdict[] {
  return comparisons.flatMap(({ retriever, connections, api }) => {
    const legs = comparisons.filter(one => one.connections === connections && ['dense', 'bm25'].includes(one.retriever))
    if (retriever !== 'hybrid' || legs.length < 2) return []
    const slower = Math.max(...legs.map(one => one.api.p50))
    return [atMost(`hybrid, ${connections} at a time: p50, times the slower leg’s`, api.p50 / slower, 1.3)]
  })
}

function atMost(what: string, value: number, bound: number): Verdict {
  return { what, value, bound, kept: value <= bound }
}

function atLeast(what: string, value: number, bound: number): Verdict {
  return { what, value, bound, kept: value >= bound }
}

export function table(comparisons: readonly Comparison[], judged: readonly Verdict[]): string {
  const row = (one: Comparison, how: string, { p50, p95, perSecond }: Latencies, cpu?: number) =>
    [one.retriever, one.connections, how, round(p50), round(p95), round(perSecond), cpu === undefined ? '' : round(cpu)].map(String) // prettier-ignore
  const rows = comparisons.flatMap(one => [
    row(one, 'raw', one.raw, one.cpu?.raw),
    row(one, 'API', one.api, one.cpu?.api),
    ...(one.embedder ? [row(one, 'model', one.embedder)] : []),
    ...(one.official ? [row(one, 'official client', one.official)] : []),
  ])
  const promises = judged.map(({ what, value, bound, kept }) => [what, round(value), round(bound), kept ? 'kept' : 'BROKEN']) // prettier-ignore
  return [
    ...columns([['retriever', 'at a time', '', 'p50 ms', 'p95 ms', 'a second', 'own CPU ms'], ...rows]),
    '',
    ...columns([['', 'measured', 'bound', ''], ...promises.map(cells => cells.map(String))]),
  ].join('\n')
}
