import { reconcileVectors } from '../../backup/reconcile-vectors.ts'
import type { TenantFailure } from '../../stores/postgres/each-tenant.ts'
import { type Check, failed, type Finding, ok, warning } from '../check.ts'

/** Rows and points say the same. */
export const pointsCheck: Check = {
  name: 'points',
  needs: ['migrations', 'vectors', 'collections'],
  timeoutMs: () => 300_000,
  async examine({ database, vectors }) {
    const { documents, incomplete, orphans, jobs, failures } = await reconcileVectors({
      database,
      vectors,
      queue: null,
    })
    const waiting = jobs > 0 ? `, ${jobs} jobs at work` : ''
    if (failures.length > 0) return notWhole(failures)
    if (incomplete === 0 && orphans === 0) return ok(`${documents} documents, all with their points${waiting}`)
    return warning(
      `${incomplete} documents lack points, ${orphans} documents are only points${waiting}`,
      'the vector store was restored, lost or changed by somebody; or a job is at work just now',
      'selfrag maintain --only points indexes the first again and deletes the second',
    )
  },
}

function notWhole(failures: readonly TenantFailure[]): Finding {
  const [{ cause }] = failures as readonly [TenantFailure]
  return failed(
    `rows and points of ${failures.map(({ tenant }) => tenant).join(', ')} cannot be compared: ${cause instanceof Error ? cause.message : String(cause)}`,
    "the tenant's schema, role or collection is not whole",
    'docs/operations/troubleshooting/README.md; what made the tenant (its RagTenant, or POST /admin/tenants) makes it whole again',
  )
}
