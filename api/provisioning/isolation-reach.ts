/** Something that a tenant could reach and must not. */
export interface Reach {
  /** `SQL`: its role was let through; `vectors`: its scope was; `grants`: nothing was tried, the catalogue says so. */
  readonly way: 'SQL' | 'vectors' | 'grants'
  /** `read tenant_globex.documents` */
  readonly what: string
  /** Slug of the tenant whose it is; null: the product's, an archive's, or the point that the check itself had put there. */
  readonly tenant: string | null
}

/** `read tenant_globex.documents (of tenant globex, by SQL)`. Pure. */
export function describeReach({ way, what, tenant }: Reach): string {
  return `${what} (${tenant === null ? '' : `of tenant ${tenant}, `}by ${way})`
}
