import { activeGeneration } from '../../stores/postgres/embedding-generations.ts'
import { phaseAgeMs } from '../../stores/postgres/isolation-moves.ts'
import { countRunningOf } from '../../stores/postgres/jobs.ts'
import type { EmbeddingGenerationRow, IsolationMoveRow, TenantRow } from '../../stores/postgres/rows.ts'
import { findTenant } from '../../stores/postgres/tenants.ts'
import type { ProvisioningStores } from '../stores.ts'

export interface ObservedMove {
  readonly move: IsolationMoveRow
  /** Null: deleted meanwhile. */
  readonly tenant: TenantRow | null
  /** What is recorded about the two collections; null when one is not there (any more). */
  readonly source: EmbeddingGenerationRow | null
  readonly target: EmbeddingGenerationRow | null
  /** Jobs of the tenant that a worker is at. */
  readonly running: number
  readonly phaseAgeMs: number
}

/** Reads what decides on the next step of a move; changes nothing. */
export async function observeMove({ database }: ProvisioningStores, move: IsolationMoveRow): Promise<ObservedMove> {
  return {
    move,
    tenant: await findTenant(database, move.tenant_id),
    source: await activeGeneration(database, move.source),
    target: await activeGeneration(database, move.target),
    running: await countRunningOf(database, move.tenant_id),
    phaseAgeMs: await phaseAgeMs(database, move.tenant_id),
  }
}
