import { z } from 'zod'

/**
 * Says to whom a schema or a collection belongs. Stands as JSON in `COMMENT ON SCHEMA` and under {@link OWNER_KEY} in
 * collection metadata. A place that bears no marker, or another one's, is never adopted or dropped silently.
 */
export const ownerSchema = z.strictObject({
  /** Cluster id (uid of kube-system), `api` for tenants made over HTTP, `standalone` for `npm start`. */
  cluster: z.string().min(1),
  /** Uid of the resource, or the tenant's id. */
  uid: z.string().min(1),
  /** For people: `RagTenant/default/acme`. Not compared. */
  name: z.string().optional(),
})

export type Owner = z.infer<typeof ownerSchema>

export const OWNER_KEY = 'selfrag_owner'

export function sameOwner(a: Owner, b: Owner): boolean {
  return a.cluster === b.cluster && a.uid === b.uid
}

export function formatOwner(owner: Owner): string {
  return JSON.stringify({ [OWNER_KEY]: owner })
}

/** Reads what {@link formatOwner} wrote; null for a missing comment or one that somebody else wrote. */
export function parseOwner(comment: string | null | undefined): Owner | null {
  if (!comment) return null
  try {
    const parsed = z.object({ [OWNER_KEY]: ownerSchema }).safeParse(JSON.parse(comment))
    return parsed.success ? parsed.data[OWNER_KEY] : null
  } catch {
    return null
  }
}
