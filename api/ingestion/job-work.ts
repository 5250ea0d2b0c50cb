import type { JobRow } from '../stores/postgres/rows.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { IngestionParts } from './ingestion-parts.ts'

/** One attempt at one job. */
export interface JobWork {
  readonly parts: IngestionParts
  /** All of the tenant: jobs are the product's own. */
  readonly scope: TenantScope
  readonly job: JobRow
  readonly signal: AbortSignal
}
