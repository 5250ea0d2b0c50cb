import type { Distance } from '../../../contract/fingerprint.ts'
import { TIE_MARGIN } from '../ranking.ts'
import type { SearchLeg } from '../vector-store.ts'
import { type Fragment, join } from './conditions.ts'
import { denseText, sparseText } from './vector-text.ts'

/** A distance sorts ascending; `score` makes of it what Qdrant calls the score. */
const measures = {
  cosine: { operator: '<=>', score: '1 - distance' },
  dot: { operator: '<#>', score: '-distance' },
  euclid: { operator: '<->', score: 'distance' },
} as const

/** `exact` compares every row of the scope; `graph` may use the HNSW index. */
export type Method = 'exact' | 'graph'

export interface NumberedLeg {
  readonly index: number
  readonly leg: SearchLeg
}

export interface Target {
  /** Qualified. */
  readonly table: string
  readonly distance: Distance
}

/** All legs in one statement; each row says by `leg` whose it is. Where `condition` holds the scope and the filter. */
export function searchSql(target: Target, legs: readonly NumberedLeg[], condition: Fragment, method: Method): Fragment {
  const parts = legs.map(({ index, leg }) => {
    const hits = leg.using === 'dense' ? denseHits(target, leg, condition, method) : sparseHits(target, leg, condition)
    const score = leg.using === 'dense' ? measures[target.distance].score : '-distance'
    return {
      sql: `SELECT ${index} AS leg, (${score})::float8 AS score, distance, id, kb_id, document_id, chunk_id, position, text, metadata
            FROM (${hits.sql}) AS hits JOIN ?? USING (id)`,
      values: [...hits.values, target.table],
    }
  })
  const all = parts.map(({ sql }) => sql).join(' UNION ALL ')
  return { sql: `${all} ORDER BY leg, distance, id`, values: parts.flatMap(({ values }) => values) }
}

type Leg<Using> = Extract<SearchLeg, { using: Using }>

function denseHits(target: Target, leg: Leg<'dense'>, condition: Fragment, method: Method): Fragment {
  const measured: Fragment = {
    sql: `dense ${measures[target.distance].operator} ?::vector`,
    values: [denseText(leg.vector)],
  }
  // In this form the expression is not the index's, so the planner has to compare every row. A vector of zeros has no
  // cosine (NaN); Qdrant takes it as 0, which is a distance of 1.
  const plain: Fragment = { sql: `coalesce(nullif(${measured.sql}, 'NaN'), 1)`, values: measured.values }
  const present = join([condition, { sql: 'dense IS NOT NULL', values: [] }], ' AND ')
  return method === 'graph'
    ? nearest(target, measured, present, leg.limit + TIE_MARGIN, 'distance')
    : nearest(target, plain, present, leg.limit, 'distance, id')
}

function sparseHits(target: Target, leg: Leg<'sparse'>, condition: Fragment): Fragment {
  const measured: Fragment = { sql: 'sparse <#> ?::sparsevec', values: [sparseText(leg.vector)] }
  const rows = nearest(target, measured, condition, null, null)
  return {
    // Without a common term there is no product, and no hit. OFFSET 0 keeps the product from being computed twice.
    sql: `SELECT id, distance FROM (${rows.sql} OFFSET 0) AS measured WHERE distance <> 0 ORDER BY distance, id LIMIT ?`,
    values: [...rows.values, leg.limit],
  }
}

function nearest(
  target: Target,
  measured: Fragment,
  condition: Fragment,
  limit: number | null,
  order: string | null,
): Fragment {
  const tail = order === null ? '' : ` ORDER BY ${order} LIMIT ?`
  return {
    sql: `SELECT id, ${measured.sql} AS distance FROM ?? WHERE ${condition.sql}${tail}`,
    values: [...measured.values, target.table, ...condition.values, ...(limit === null ? [] : [limit])],
  }
}
