import { describeReach } from '../../api/provisioning/isolation-reach.ts'
import { type Obstacle } from '../../api/provisioning/steps.ts'
import { isUnderWay } from '../../api/provisioning/moving/under-way.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { type Finding } from '../runtime/conditions.ts'
import { DRIFTED, driftMessage, toldDrift } from './drift-policy.ts'
import { fails, holds, obstructed, readiness, sentences, unknown } from './findings.ts'
import { isPassing } from './store-fault.ts'
import { type TenantReport } from './tenant-report.ts'
import { unofferedModels } from './unoffered-models.ts'

const areas = ['SchemaReady', 'CollectionReady', 'KnowledgeBasesReady', 'KeysReady', 'IsolationVerified'] as const

/** The conditions of a tenant, in the order in which people read them. Pure. */
export function tenantFindings(tenant: Tenant, pipeline: Pipeline | null, report: TenantReport): Finding[] {
  const found = report.waiting ? waitingFindings(report.waiting) : lookedAt(tenant, pipeline, report)
  const kept = (tenant.status?.conditions ?? []).filter(({ type }) => !found.some(finding => finding.type === type))
  const state = tenant.spec.suspended ? 'it is suspended: its keys are refused' : 'its keys work'
  const ready = readiness(areas, [...found, ...kept], `the tenant is provisioned; ${state}`)
  return [ready, progress(report, ready), degradation(tenant, pipeline, report), ...found]
}

function waitingFindings({ reason, message }: { reason: string; message: string }): Finding[] {
  return areas.map(area => (area === 'SchemaReady' ? fails(area, reason, message) : unknown(area, reason, message)))
}

function lookedAt(tenant: Tenant, pipeline: Pipeline | null, report: TenantReport): Finding[] {
  const { fault, observed } = report
  if (fault?.store === 'database') return [fails('SchemaReady', fault.reason, fault.message)]
  if (fault) return [fails('CollectionReady', fault.reason, fault.message)]
  if (!observed) return []
  const isBlocked = of(report, 'database', 'tenant').length > 0
  return [
    schemaFinding(report),
    collectionFinding(report),
    isBlocked ? blocked('KnowledgeBasesReady') : knowledgeBasesFinding(tenant, pipeline, report),
    isBlocked ? blocked('KeysReady') : keysFinding(tenant, report),
    ...isolationFindings(report),
  ]
}

function schemaFinding(report: TenantReport): Finding {
  const obstacle = obstructed('SchemaReady', of(report, 'database', 'tenant'))
  if (obstacle) return obstacle
  const { schema, role, knowledgeBases } = report.observed ?? {}
  const rights = report.drift.filter(({ object }) => /^(role|schema|table) /.test(object))
  if (knowledgeBases === null && rights.length > 0)
    return fails('SchemaReady', DRIFTED, `it cannot be read while driftPolicy is not Enforce: ${driftMessage(rights)}`) // prettier-ignore
  return holds(
    'SchemaReady',
    'Migrated',
    `schema ${schema?.name} of role ${role?.name} is at ${schema?.applied?.at(-1)}`,
  )
}

function collectionFinding(report: TenantReport): Finding {
  const obstacle = obstructed('CollectionReady', of(report, 'vectors'))
  if (obstacle) return obstacle
  if (of(report, 'database', 'tenant').length > 0) return blocked('CollectionReady')
  const { alias, target } = report.observed?.collection ?? {}
  if (!target) return fails('CollectionReady', DRIFTED, `alias ${alias} is missing and driftPolicy is not Enforce; set it to Enforce to have it made again`) // prettier-ignore
  if (report.documentsWithoutVectors > 0) return fails('CollectionReady', 'VectorsMissing', vectorsMissing(report))
  const move = movement(report)
  if (move) return holds('CollectionReady', 'Moving', move)
  return holds('CollectionReady', 'CollectionReady', `vectors are in collection ${alias} (${target})`)
}

/** How far a move to another collection is, which tenants are served during; null when there is none. */
function movement({ observed }: TenantReport): string | null {
  const move = observed?.move
  if (!move || !isUnderWay(move)) return null
  const { source, target, phase, copied, total, error } = move
  const far = phase === 'copying' ? `${copied} of ${total ?? 'its'} points are copied` : `it is ${phase}`
  return `vectors are being moved from ${source} to ${target}: ${far}${error ? `; it waits because ${error}` : ''}`
}

function vectorsMissing({ documentsWithoutVectors, observed }: TenantReport): string {
  return `${documentsWithoutVectors} documents are ready and collection ${observed?.collection.alias} has no vector of this tenant: they were deleted there. Restore a snapshot of the collection, or have each document indexed again with POST /v1/documents/{id}/reprocess` // prettier-ignore
}

function knowledgeBasesFinding(tenant: Tenant, pipeline: Pipeline | null, report: TenantReport): Finding {
  const type = 'KnowledgeBasesReady'
  const obstacle = obstructed(type, of(report, 'knowledge-bases'))
  if (obstacle) return obstacle
  const rows = report.observed?.knowledgeBases
  if (!rows) return unknown(type, 'NotChecked', 'the schema cannot be read')
  const there = new Set(rows.filter(row => row.deleted_at === null).map(({ name }) => name))
  const missing = tenant.spec.knowledgeBases.filter(({ name }) => !there.has(name)).map(({ name }) => name)
  if (missing.length > 0) return fails(type, 'Missing', `knowledge bases ${missing.join(', ')} are not there yet`)
  const unoffered = pipeline ? unofferedModels(tenant, pipeline) : []
  if (unoffered.length > 0) return fails(type, 'ModelNotOffered', sentences(unoffered))
  return holds(type, 'AsDeclared', `${tenant.spec.knowledgeBases.length} declared, ${there.size} in all`)
}

function keysFinding(tenant: Tenant, report: TenantReport): Finding {
  const type = 'KeysReady'
  const namespace = tenant.metadata.namespace
  if (report.takenSecrets.length > 0)
    return fails(type, 'Conflict', sentences(report.takenSecrets.map(name => `Secret ${namespace}/${name} exists already and was not made for this tenant; delete it, or choose another secretName`))) // prettier-ignore
  const obstacle = obstructed(type, of(report, 'keys'))
  if (obstacle) return obstacle
  const missing = tenant.spec.apiKeys.filter(({ name }) => report.observed?.vault[name]?.state !== 'known')
  if (missing.length > 0) return fails(type, 'Missing', `keys ${missing.map(({ name }) => name).join(', ')} are not there yet`) // prettier-ignore
  const secrets = tenant.spec.apiKeys.map(({ secretName }) => secretName)
  return holds(type, 'AsDeclared', secrets.length === 0 ? 'no keys are declared' : `in Secrets ${secrets.join(', ')}`)
}

/** None while an earlier finding stands. */
function isolationFindings({ isolation }: TenantReport): Finding[] {
  const type = 'IsolationVerified'
  if (isolation === 'as before') return []
  if (!isolation) return [unknown(type, 'NotChecked', 'it is checked when schema and collection are ready')]
  const { reached, attempts, neighbour } = isolation
  if (reached.length > 0) return [fails(type, 'NotIsolated', `the tenant could reach what is not its own: ${listed(reached.map(describeReach))}; revoke what was granted to its role or to PUBLIC there, look into who granted it, and keep the tenant suspended meanwhile`)] // prettier-ignore
  const others = `${neighbour ? `the tables of tenant ${neighbour}, those` : 'the tables'} of the product and a point of another tenant`
  return [holds(type, 'Refused', `each of ${attempts} attempts to reach ${others} was refused`)]
}

function listed(items: readonly string[]): string {
  const more = items.length > 5 ? ` and ${items.length - 5} more` : ''
  return `${items.slice(0, 5).join(', ')}${more}`
}

function isBreached({ isolation }: TenantReport): boolean {
  return isolation !== null && isolation !== 'as before' && isolation.reached.length > 0
}

function progress(report: TenantReport, ready: Finding): Finding {
  const type = 'Progressing'
  if (report.fault && isPassing(report.fault))
    return holds(type, 'Retrying', 'a store cannot be used; it is tried again')
  const move = movement(report)
  if (move && report.obstacles.length === 0) return holds(type, 'Moving', move)
  if (report.waiting?.reason === 'Restoring') return holds(type, 'Restoring', report.waiting.message)
  const waits = report.waiting !== null || report.obstacles.length > 0 || report.takenSecrets.length > 0
  if (waits || report.fault) return fails(type, 'Blocked', 'waits for what the condition Ready says')
  return fails(type, 'AsDesired', ready.status === 'True' ? 'everything is as the spec says' : ready.message)
}

function degradation(tenant: Tenant, pipeline: Pipeline | null, report: TenantReport): Finding {
  const type = 'Degraded'
  const obstacle = report.obstacles.find(({ reason }) => reason !== 'Waiting')
  if (obstacle) return holds(type, obstacle.reason, obstacle.message)
  if (isBreached(report)) return holds(type, 'NotIsolated', 'the tenant could reach what is not its own; the condition IsolationVerified says what') // prettier-ignore
  if (report.takenSecrets.length > 0) return holds(type, 'Conflict', 'a declared Secret belongs to somebody else')
  if (report.documentsWithoutVectors > 0) return holds(type, 'VectorsMissing', vectorsMissing(report))
  // Before it was provisioned once, something that is missing is no loss.
  const served = tenant.status?.schema !== undefined
  if (served && report.waiting) return holds(type, report.waiting.reason, report.waiting.message)
  if (served && report.fault) return holds(type, report.fault.reason, report.fault.message)
  const drift = pipeline ? toldDrift(pipeline, report.drift) : []
  if (drift.length > 0) return holds(type, 'DriftFound', driftMessage(drift))
  return fails(type, 'AsDesired', 'nothing is wrong')
}

function of(report: TenantReport, ...wanted: readonly Obstacle['area'][]): Obstacle[] {
  return report.obstacles.filter(({ area }) => wanted.includes(area))
}

function blocked(type: string): Finding {
  return unknown(type, 'Blocked', 'the condition SchemaReady says what is in the way')
}
