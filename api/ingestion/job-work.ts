import type { JobRow } from '../stores/postgres/rows.ts'
import { inTenant, type TenantScope, type TenantTransaction } from '../stores/postgres/tenant-scope.ts'
import type { IngestionParts } from './ingestion-parts.ts'

/** One attempt at one job. */
export interface JobWork {
  readonly parts: IngestionParts
  /** All of the tenant: jobs are the product's own. */
  readonly scope: TenantScope
  readonly job: JobRow
  readonly signal: AbortSignal
}

/** A transaction as the job's tenant. */
export function within<T>({ parts, scope }: JobWork, run: (tenant: TenantTransaction) => Promise<T>): Promise<T> {
  return inTenant(parts.database, scope, run)
}
