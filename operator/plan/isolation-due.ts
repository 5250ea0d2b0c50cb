import { type Tenant } from '../observe/resources.ts'

/**
 * Whether a tenant's isolation is to be tried now: before it held for this generation of the resource, and from time to
 * time after that. In between, the condition stands as it was. Pure.
 * @param intervalMs how long a proof is good for
 */
export function isolationDue(
  { metadata, status }: Pick<Tenant, 'metadata' | 'status'>,
  now: Date,
  intervalMs: number,
): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'IsolationVerified')
  if (condition?.status !== 'True' || condition.observedGeneration !== metadata.generation) return true
  if (status?.isolationVerifiedAt === undefined) return true
  const age = now.getTime() - Date.parse(status.isolationVerifiedAt)
  // A time that is no time, or that is still to come: the clock was wrong.
  return !(age >= 0 && age < intervalMs)
}
