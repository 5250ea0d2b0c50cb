import type { Logger } from 'pino'
import type { Services } from '../../services/services.ts'
import type { TenantScope } from '../../stores/postgres/tenant-scope.ts'

/** What the tools of one request work with: who asks is settled before. */
export interface ToolContext {
  readonly scope: TenantScope
  readonly services: Services
  readonly signal: AbortSignal
  readonly requestId: string
  readonly log: Logger
}
