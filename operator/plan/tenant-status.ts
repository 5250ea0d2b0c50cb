import { currentKey } from '../../api/provisioning/plan-keys.ts'
import { type RagTenantStatus } from '../../crds/rag-tenant.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { type Finding, setConditions, timestamp } from '../runtime/conditions.ts'
import { toldDrift } from './drift-policy.ts'
import { statusDrift } from './status-drift.ts'
import { type TenantReport } from './tenant-report.ts'

/** The whole status. What could not be read this time stays as it was. Pure. */
export function tenantStatus(
  tenant: Tenant,
  pipeline: Pipeline | null,
  report: TenantReport,
  findings: readonly Finding[],
  now: Date,
): RagTenantStatus {
  const before = tenant.status
  const { row } = report.observed ?? {}
  const ours = row && report.usage ? row : null
  const schema = ours?.schema_name ?? before?.schema
  const collection = ours?.collection ?? before?.collection
  const usage = usageStatus(report) ?? before?.usage
  const keys = report.observed && ours ? keyStatus(tenant, report) : before?.keys
  const verifiedAt = isProof(report.isolation) ? timestamp(now) : before?.isolationVerifiedAt
  const drift = pipeline ? toldDrift(pipeline, report.drift) : []
  return {
    observedGeneration: tenant.metadata.generation,
    conditions: setConditions(before?.conditions ?? [], findings, tenant.metadata.generation, now),
    ...(schema === undefined ? {} : { schema }),
    ...(collection === undefined ? {} : { collection }),
    ...(usage === undefined ? {} : { usage }),
    ...(keys === undefined ? {} : { keys }),
    ...(verifiedAt === undefined ? {} : { isolationVerifiedAt: verifiedAt }),
    ...statusDrift(drift),
  }
}

function isProof(isolation: TenantReport['isolation']): boolean {
  return isolation !== null && isolation !== 'as before' && isolation.reached.length === 0
}

function usageStatus({ usage }: TenantReport): RagTenantStatus['usage'] {
  if (!usage) return undefined
  const { knowledgeBases, documents, chunks, storageBytes } = usage
  return { knowledgeBases, documents, chunks, storageMb: Math.round((storageBytes / 2 ** 20) * 100) / 100 }
}

function keyStatus(tenant: Tenant, { observed }: TenantReport): RagTenantStatus['keys'] {
  return tenant.spec.apiKeys.flatMap(({ name, secretName }) => {
    const row = observed && currentKey(observed, name)
    return row ? [{ name, prefix: row.prefix, secretName, rotatedAt: row.created_at.toISOString() }] : []
  })
}
