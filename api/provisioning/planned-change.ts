/** One step of a plan as people read it, before it is carried out. Holds no secret. */
export interface PlannedChange {
  readonly target: 'postgres' | 'qdrant' | 'pgvector' | 'kubernetes'
  readonly action: 'create' | 'update' | 'delete'
  /** `schema tenant_acme`, `collection kb_shared_g1`, `Deployment/demo-api` */
  readonly object: string
  /** The statement or the request, without values that are secret. */
  readonly detail: string
}

/** What {@link PlannedChange}s are told with beside the step itself. */
export interface PlanWords {
  readonly engine: 'qdrant' | 'pgvector'
  /** Where a key's secret is kept: `Secret/acme-admin-key`. */
  readonly vaultOf: (keyName: string) => string
  /** What erasing would erase; null when it was not counted. */
  readonly erasure: ErasureForecast | null
}

/** Counted now; more may come until it is carried out. */
export interface ErasureForecast {
  /** Rows of the tenant's own tables. */
  readonly rows: number
  /** Rows of the control schema that go with it. */
  readonly controlRows: number
  /** By real name of the collection, or by alias for the points of one tenant in a shared one. */
  readonly points: Readonly<Record<string, number>>
}
