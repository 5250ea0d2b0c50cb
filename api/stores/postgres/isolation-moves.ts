import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import type { IsolationMoveRow } from './rows.ts'

/** The migration that brought the table: a database that an older image serves has none. */
export const MOVES_MIGRATION = '002-isolation-moves'

const OVER = ['done', 'cancelled'] as const
/** A worker that was not heard of for so long is thought dead. */
const LEASE = "now() + interval '30 seconds'"

function table(sql: Knex) {
  return sql<IsolationMoveRow>('isolation_moves').withSchema(CONTROL_SCHEMA)
}

/** The tenant's last move, over or not; null when it never had one. */
export async function findMove(sql: Knex, tenantId: string): Promise<IsolationMoveRow | null> {
  return (await table(sql).where({ tenant_id: tenantId }).first()) ?? null
}

/** The one that is under way. */
export async function unfinishedMove(sql: Knex, tenantId: string): Promise<IsolationMoveRow | null> {
  return (
    (await table(sql)
      .where({ tenant_id: tenantId })
      .whereNotIn('phase', [...OVER])
      .first()) ?? null
  )
}

/** Whether the tenant's jobs have to wait, so that nobody writes points while they are compared and the places change. */
export function holdsJobs({ phase }: Pick<IsolationMoveRow, 'phase'>): boolean {
  return phase === 'catching-up' || phase === 'settling'
}

/** In place of a move that is over. False, and nothing is written, when one is under way. */
export async function beginMove(
  sql: Knex,
  move: Pick<IsolationMoveRow, 'tenant_id' | 'source' | 'target' | 'request_id'>,
): Promise<boolean> {
  await table(sql).where({ tenant_id: move.tenant_id }).whereIn('phase', [...OVER]).delete() // prettier-ignore
  const begun = await table(sql).insert({ ...move, phase: 'copying' }).onConflict('tenant_id').ignore().returning('phase') // prettier-ignore
  return begun.length > 0
}

/** Takes a move that nobody is at, and that is due; null when there is none. */
export async function takeMove(sql: Knex, holder: string): Promise<IsolationMoveRow | null> {
  const { rows } = await sql.raw<{ rows: IsolationMoveRow[] }>(
    `UPDATE ?? SET held_by = ?, held_until = ${LEASE}
      WHERE tenant_id = (SELECT tenant_id FROM ??
                          WHERE phase NOT IN ('done', 'cancelled') AND coalesce(held_until, '-infinity') < now()
                          ORDER BY held_until NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING *`,
    [`${CONTROL_SCHEMA}.isolation_moves`, holder, `${CONTROL_SCHEMA}.isolation_moves`],
  )
  return rows[0] ?? null
}

export type MoveChanges = Partial<
  Pick<IsolationMoveRow, 'phase' | 'last_point' | 'copied' | 'total' | 'error' | 'finished_at'>
> & { readonly baseline?: object }

/** Writes how far it is and holds it for longer. False, and nothing is written, when it is not the holder's any more. */
export async function keepMove(
  sql: Knex,
  { tenant_id, held_by }: Pick<IsolationMoveRow, 'tenant_id' | 'held_by'>,
  { baseline, ...changes }: MoveChanges = {},
): Promise<boolean> {
  const kept = await table(sql)
    .where({ tenant_id, held_by })
    .whereNot({ phase: 'cancelled' })
    .update({
      ...changes,
      ...(changes.phase && { phase_at: sql.fn.now() as never }),
      ...(baseline && { baseline: JSON.stringify(baseline) as never, begun_at: sql.fn.now() as never }),
      held_until: sql.raw(LEASE) as never,
    })
  return kept > 0
}

/** Lets go of it until `afterMs` have passed. */
export async function leaveMove(
  sql: Knex,
  { tenant_id, held_by }: Pick<IsolationMoveRow, 'tenant_id' | 'held_by'>,
  afterMs: number,
  error: string | null,
): Promise<void> {
  const held_until = sql.raw("now() + make_interval(secs => ?)", [afterMs / 1000]) as never // prettier-ignore
  await table(sql).where({ tenant_id, held_by }).update({ held_by: null, held_until, error })
}

/** From now on nobody goes on with it. False while the worker that was at it may still write a last page. */
export async function cancelMove(sql: Knex, tenantId: string): Promise<boolean> {
  await table(sql).where({ tenant_id: tenantId }).whereNotIn('phase', [...OVER]).update({ phase: 'cancelled', finished_at: sql.fn.now() as never }) // prettier-ignore
  const held = await table(sql).where({ tenant_id: tenantId }).whereNotNull('held_by').where('held_until', '>', sql.fn.now() as never).first('phase') // prettier-ignore
  return held === undefined
}

/** How long its phase has lasted by the database's clock. */
export async function phaseAgeMs(sql: Knex, tenantId: string): Promise<number> {
  const age = sql.raw('extract(epoch FROM clock_timestamp() - phase_at) * 1000 AS ms')
  const row = await sql('isolation_moves').withSchema(CONTROL_SCHEMA).where({ tenant_id: tenantId }).first<{ ms: string } | undefined>(age) // prettier-ignore
  return Number(row?.ms ?? 0)
}
