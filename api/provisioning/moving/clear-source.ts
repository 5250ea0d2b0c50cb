import { sameOwner } from '../../contract/ownership.ts'
import { forgetGeneration } from '../../stores/postgres/embedding-generations.ts'
import { keepMove } from '../../stores/postgres/isolation-moves.ts'
import { VectorStoreUnavailable } from '../../stores/vectors/vector-store.ts'
import { auditStep } from '../audit.ts'
import type { HeldMove } from './held-move.ts'

/** Removes the points from where they were: a collection of the tenant's own as a whole, else just its points, counted. */
export async function clearSource(held: HeldMove, now: () => Date): Promise<void> {
  const { stores, row, tenant, actor } = held
  const { database, vectors } = stores
  const state = await vectors.collections.describe(row.source)
  const own = state?.tenancy === 'dedicated' && state.owner !== null && sameOwner(state.owner, tenant.owner)
  const points = state ? await vectors.count(held.source, { all: true }) : 0
  if (state && own) await vectors.collections.delete(state.name)
  else if (state) await clearPoints(held)
  await database.transaction(async sql => {
    if (state && own) await forgetGeneration(sql, state.name)
    if (!(await keepMove(sql, row, { phase: 'done', finished_at: now(), error: null }))) return
    const detail = { collection: row.source, points, dropped: own }
    await auditStep(sql, { actor }, { action: 'clear-source', target: tenant.slug, tenantId: tenant.id, detail })
  })
}

async function clearPoints({ stores: { vectors }, source }: HeldMove): Promise<void> {
  await vectors.delete(source, { all: true })
  const left = await vectors.count(source, { all: true })
  if (left > 0) throw new VectorStoreUnavailable(`${left} points are still in ${source.collection} after they were deleted`) // prettier-ignore
}
