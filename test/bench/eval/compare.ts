import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { columns } from '../columns.ts'
import { type Difference, pairedDifference } from './bootstrap.ts'
import { mean } from './metrics.ts'
import type { QueryResult } from './report.ts'

/** What is compared, in the order of the table. */
const measures = ['ndcg_at_10', 'recall_at_100', 'mrr_at_10'] as const
type Measure = (typeof measures)[number]

export interface Compared {
  readonly retriever: string
  readonly measure: Measure
  /** Queries that both runs asked this retriever. */
  readonly queries: number
  readonly before: number
  readonly after: number
  readonly difference: Difference
  readonly better: number
  readonly worse: number
}

const line: z.ZodType<QueryResult> = z.object({
  retriever: z.string(),
  query_id: z.string(),
  ndcg_at_10: z.number(),
  recall_at_100: z.number(),
  mrr_at_10: z.number(),
  milliseconds: z.number(),
})

/** What `--per-query` wrote. @throws Error naming file and line */
export async function readPerQuery(file: string): Promise<QueryResult[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean)
  return lines.map((text, index) => {
    try {
      return line.parse(JSON.parse(text))
    } catch (cause) {
      throw new Error(`${file}, line ${index + 1}: not a line that --per-query of this version writes`, { cause })
    }
  })
}

/** Pure: query by query, for each retriever that is in both runs. */
export function compare(before: readonly QueryResult[], after: readonly QueryResult[]): Compared[] {
  const retrievers = [...new Set(before.map(({ retriever }) => retriever))]
  return retrievers.flatMap(retriever => {
    const earlier = new Map(before.filter(one => one.retriever === retriever).map(one => [one.query_id, one]))
    const pairs = after.flatMap(one => {
      const same = one.retriever === retriever ? earlier.get(one.query_id) : undefined
      return same ? [[same, one] as const] : []
    })
    return pairs.length === 0 ? [] : measures.map(measure => compareMeasure(retriever, measure, pairs))
  })
}

function compareMeasure(
  retriever: string,
  measure: Measure,
  pairs: readonly (readonly [QueryResult, QueryResult])[],
): Compared {
  const [before, after] = [pairs.map(([one]) => one[measure]), pairs.map(([, one]) => one[measure])]
  return {
    retriever,
    measure,
    queries: pairs.length,
    before: mean(before),
    after: mean(after),
    difference: pairedDifference(before, after),
    better: after.filter((value, index) => value > before[index]!).length,
    worse: after.filter((value, index) => value < before[index]!).length,
  }
}

export function comparisonTable(compared: readonly Compared[]): string {
  const head = ['retriever', 'measure', 'queries', 'before', 'after', 'difference', '95 % of it', 'p', 'better', 'worse'] // prettier-ignore
  const rows = compared.map(({ retriever, measure, queries, before, after, difference, better, worse }) => [
    retriever,
    measure,
    String(queries),
    before.toFixed(4),
    after.toFixed(4),
    signed(difference.mean),
    `${signed(difference.low)} … ${signed(difference.high)}`,
    difference.p.toFixed(3),
    String(better),
    String(worse),
  ])
  return columns([head, ...rows]).join('\n')
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(4)}`
}
