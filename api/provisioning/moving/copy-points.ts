import { inTenant } from '../../stores/postgres/tenant-scope.ts'
import { readContents } from '../../stores/postgres/vector-contents.ts'
import type { HeldMove } from './held-move.ts'

const PAGE = 256
/** So many at a time, so that no tenant keeps a mover from the others for minutes. */
const PAGES_A_STEP = 40

/**
 * Copies the tenant's points page by page, in the order of their ids, while its jobs go on writing where they are; after the
 * last page jobs wait, and what they have changed meanwhile is caught up with (catch-up.ts). Goes on where it ended.
 */
export async function copyPoints(held: HeldMove): Promise<void> {
  const { stores, row, source } = held
  let copied = Number(row.copied)
  let after = row.last_point
  if (row.baseline === null) await begin(held)
  for (let page = 0; page < PAGES_A_STEP; page++) {
    const points = await stores.vectors.page(source, { after, limit: PAGE })
    if (points.length > 0) await held.write(points)
    after = points.at(-1)?.id ?? after
    copied += points.length
    if (points.length < PAGE) return held.keep({ phase: 'catching-up', last_point: after, copied, error: null })
    await held.keep({ last_point: after, copied, error: null })
  }
}

/** What an earlier move may have left in the target is nothing that a comparison by counts would find. */
async function begin(held: HeldMove): Promise<void> {
  const { database, vectors } = held.stores
  const total = await vectors.count(held.source, { all: true })
  const baseline = await inTenant(database, held.scope, tenant => readContents(tenant, 'read'))
  await vectors.delete(held.target, { all: true })
  await held.keep({ baseline, total })
}
