import type { TenantScope } from '../../stores/postgres/tenant-scope.ts'

/** A summary of some chunks of one knowledge base, as far as a search needs it. */
export interface TreeSummary {
  readonly id: string
  readonly knowledgeBaseId: string
  /** 1: of chunks; above: of summaries. */
  readonly level: number
  readonly chunkIds: ReadonlySet<string>
  /** Unit length. */
  readonly embedding: Float32Array
}

/** The trees of summaries that the worker has made (api/ingestion/summary-tree). Nothing outside the scope is ever found. */
export interface SummaryTreeSource {
  /** @param fingerprint of the vectors that they are compared with */
  of(scope: TenantScope, knowledgeBaseIds: readonly string[], fingerprint: string): Promise<readonly TreeSummary[]>
}
