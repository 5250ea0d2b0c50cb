import type { IsolationMoveRow } from '../../stores/postgres/rows.ts'

/** Neither done nor cancelled. Pure. */
export function isUnderWay({ phase }: Pick<IsolationMoveRow, 'phase'>): boolean {
  return phase !== 'done' && phase !== 'cancelled'
}
