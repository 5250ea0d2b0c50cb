import { isDeepStrictEqual } from 'node:util'
import { keepMove } from '../../stores/postgres/isolation-moves.ts'
import { inTenant } from '../../stores/postgres/tenant-scope.ts'
import { updateTenant } from '../../stores/postgres/tenants.ts'
import { type Contents, readContents } from '../../stores/postgres/vector-contents.ts'
import { auditStep } from '../audit.ts'
import { type HeldMove, MoveLost } from './held-move.ts'

/** Something has changed since the two places were compared. They are compared again. */
export class ChangedMeanwhile extends Error {
  override readonly name = 'ChangedMeanwhile'
}

/**
 * From now on the tenant's points are those of the target. In one transaction with the proof that nothing has changed since
 * they were compared: every change of what a search can find raises its knowledge base's version, and those are locked.
 * @throws ChangedMeanwhile, MoveLost
 */
export async function switchPlace(held: HeldMove, compared: Contents, points: number): Promise<void> {
  const { row, tenant, actor } = held
  await inTenant(held.stores.database, held.scope, async transaction => {
    if (!isDeepStrictEqual(await readContents(transaction, 'lock'), compared))
      throw new ChangedMeanwhile(`the contents of tenant ${tenant.slug} have changed since they were compared`)
    await transaction.control(async sql => {
      await updateTenant(sql, tenant.id, { collection: row.target })
      if (!(await keepMove(sql, row, { phase: 'settling', error: null }))) throw new MoveLost('cancelled at the last moment') // prettier-ignore
      const detail = { from: row.source, to: row.target, points }
      await auditStep(sql, { actor }, { action: 'switch-collection', target: tenant.slug, tenantId: tenant.id, detail })
    })
  })
}
