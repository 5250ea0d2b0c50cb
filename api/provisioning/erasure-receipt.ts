import type { AuditRow } from '../stores/postgres/rows.ts'

/** What is left of a deletion: the one proof, in an Event and in the audit log, of what was erased and what was kept. */
export interface ErasureReceipt {
  /** Rows of Postgres, of the tenant's tables and of what belonged to it in the control schema. */
  readonly rows: number
  readonly points: number
  /** Archives of earlier tenants of the same resource. */
  readonly snapshots: number
  /** Where the rows and points of this one are kept; null when they are not. */
  readonly kept: { readonly schema: string; readonly rows: number; readonly points: number } | null
}

/** Actions of the audit log that a receipt is made of. */
export const erasureActions = [
  'archive-schema',
  'archive-points',
  'drop-schema',
  'drop-archive',
  'count-points',
  'delete-points',
  'delete-collection',
  'delete-tenant',
] as const

type Entry = Pick<AuditRow, 'action' | 'detail'>

/**
 * Adds up what all attempts at a deletion have erased, so that one which was cut off, or had to wait for a store, is
 * counted like one that was not. Rows go in the transaction that records them. Points cannot: they are counted before
 * (`count-points`), and a count that is repeated after a crash is the same points again until they are recorded as gone.
 * Pure.
 * @param entries of the tenant, oldest first
 */
export function receiptOf(entries: readonly Entry[]): ErasureReceipt {
  const of = (action: (typeof erasureActions)[number]) => entries.filter(entry => entry.action === action)
  const archived = of('archive-schema').at(-1) ?? of('archive-points').at(-1)
  return {
    rows: sum([...of('drop-schema'), ...of('drop-archive'), ...of('delete-tenant')], 'rows'),
    points: pointsOf(entries),
    snapshots: of('drop-archive').length,
    kept: archived
      ? {
          schema: String(archived.detail['schema']),
          rows: sum(of('archive-schema'), 'rows'),
          points: number(of('archive-points').at(-1), 'points'),
        }
      : null,
  }
}

function pointsOf(entries: readonly Entry[]): number {
  let gone = 0
  let counted = 0
  for (const entry of entries) {
    if (entry.action === 'count-points') counted = Math.max(counted, number(entry, 'points'))
    if (entry.action !== 'delete-points' && entry.action !== 'delete-collection') continue
    gone += Math.max(counted, number(entry, 'points'))
    counted = 0
  }
  return gone + counted
}

function sum(entries: readonly Entry[], field: string): number {
  return entries.reduce((total, entry) => total + number(entry, field), 0)
}

function number(entry: Entry | undefined, field: string): number {
  const value = entry?.detail[field]
  return typeof value === 'number' ? value : 0
}

/** `erased 5 rows, 7 points and 0 snapshots; kept …`, for people. */
export function describeReceipt({ rows, points, snapshots, kept }: ErasureReceipt): string {
  const erased = `erased ${rows} rows, ${points} points and ${snapshots} snapshots; counted again after that, nothing is left` // prettier-ignore
  return kept
    ? `kept ${kept.rows} rows and ${kept.points} points in schema ${kept.schema}; ${erased} elsewhere`
    : erased
}
