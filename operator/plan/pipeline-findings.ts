import { CONTROL_SCHEMA } from '../../api/contract/names.ts'
import { apiUrl, externalUrl, names } from '../desired/names.ts'
import { type Pipeline } from '../observe/resources.ts'
import { type Finding } from '../runtime/conditions.ts'
import { backupFinding } from './backup-findings.ts'
import { availability, isRolledOut, stuckMessage } from './deployment-findings.ts'
import { DRIFTED, driftMessage, isLoss, toldDrift } from './drift-policy.ts'
import { fails, holds, obstructed, readiness, unknown } from './findings.ts'
import { secretFinding } from './missing-secrets.ts'
import { migrationFailure, migrationFinding, migrationProgress } from './migration-findings.ts'
import { modelsFinding } from './models-finding.ts'
import { monitoringFinding } from './monitoring-finding.ts'
import { type PipelineReport } from './pipeline-report.ts'
import { isPassing } from './store-fault.ts'

const areas = ['DatabaseReady', 'VectorStoreReady', 'ModelsReady', 'WorkerAvailable', 'APIAvailable'] as const

/** The conditions of a pipeline, in the order in which people read them. Pure. */
export function pipelineFindings(pipeline: Pipeline, report: PipelineReport): Finding[] {
  const found = [
    databaseFinding(pipeline, report),
    vectorsFinding(pipeline, report),
    secretFinding(pipeline, report.missing, 'ModelsReady') ?? modelsFinding(pipeline),
    ...workloadFindings(pipeline, report),
    monitoringFinding(pipeline, report.monitoring),
    backupFinding(pipeline, report.backups),
  ].filter(finding => finding !== null)
  const kept = (pipeline.status?.conditions ?? []).filter(({ type }) => !found.some(finding => finding.type === type))
  const ready = readiness(areas, [...found, ...kept], `serves at ${urls(pipeline)}`)
  return [ready, progress(report, ready), degradation(pipeline, report), ...found]
}

function urls(pipeline: Pipeline): string {
  const outside = externalUrl(pipeline)
  return outside === null ? apiUrl(pipeline) : `${apiUrl(pipeline)} and ${outside}`
}

/** Null: it could not be looked at, and what was known of it stays. */
function databaseFinding(pipeline: Pipeline, report: PipelineReport): Finding | null {
  const type = 'DatabaseReady'
  const missing = secretFinding(pipeline, report.missing, type)
  if (missing) return missing
  if (report.fault?.store === 'database') return fails(type, report.fault.reason, advice(report))
  const obstacle = obstructed(type, report.obstacles.filter(({ area }) => area === 'database')) // prettier-ignore
  if (obstacle) return obstacle
  const migration = migrationFinding(pipeline, report)
  if (migration) return migration
  if (!report.stores)
    return wasTrue(pipeline, type) ? null : unknown(type, 'NotChecked', 'the vector store is waited for')
  const { control, login } = report.stores
  return holds(
    type,
    'Migrated',
    `schema ${CONTROL_SCHEMA} of database ${login.database} is at ${control.applied?.at(-1)}`,
  )
}

function vectorsFinding(pipeline: Pipeline, report: PipelineReport): Finding | null {
  const type = 'VectorStoreReady'
  const missing = secretFinding(pipeline, report.missing, type)
  if (missing) return missing
  if (report.fault?.store === 'vectors') return fails(type, report.fault.reason, advice(report))
  const obstacle = obstructed(type, report.obstacles.filter(({ area }) => area === 'vectors')) // prettier-ignore
  if (obstacle) return obstacle
  const { state, alias } = report.stores?.collection ?? {}
  if (!report.stores) return wasTrue(pipeline, type) ? null : unknown(type, 'NotChecked', 'the database is waited for')
  const lost = report.drift.find(drift => drift.object.startsWith('collection ') && isLoss(drift))
  if (lost) return fails(type, DRIFTED, `${lost.object} is missing and driftPolicy is not Enforce; set it to Enforce to have it made again`) // prettier-ignore
  if (!state) return unknown(type, 'NotChecked', 'the database is waited for')
  return holds(type, 'CollectionReady', `collection ${alias} is ${state.name}`)
}

function workloadFindings(pipeline: Pipeline, report: PipelineReport): Finding[] {
  const obstacle = report.objectObstacles.length > 0 ? report.objectObstacles : null
  const missing = secretFinding(pipeline, report.missing, 'APIAvailable')
  return (['APIAvailable', 'WorkerAvailable'] as const).map(type => {
    const live = type === 'APIAvailable' ? report.deployments.api : report.deployments.worker
    const finding = availability(type, live)
    if (finding.status === 'True') return finding
    const object = `Deployment/${names.deployment(pipeline, type === 'APIAvailable' ? 'api' : 'worker')}`
    if (report.drift.some(drift => drift.object === object && isLoss(drift))) return fails(type, DRIFTED, `${object} is missing and driftPolicy is not Enforce; set it to Enforce to have it made again`) // prettier-ignore
    if (obstacle) return obstructed(type, obstacle) ?? finding
    return missing ? { ...missing, type } : finding
  })
}

function progress(report: PipelineReport, ready: Finding): Finding {
  const type = 'Progressing'
  if (report.missing.length > 0 || report.obstacles.length > 0 || report.objectObstacles.length > 0)
    return fails(type, 'Blocked', 'waits until somebody has done what the condition Ready says')
  if (report.fault)
    return isPassing(report.fault)
      ? holds(type, 'Retrying', 'a store cannot be used; it is tried again')
      : fails(type, 'Blocked', 'waits until somebody has done what the condition Ready says')
  if (report.migration?.state === 'failed')
    return fails(type, 'Blocked', 'waits until somebody has done what the condition DatabaseReady says')
  if (report.migration?.state === 'running') return holds(type, 'Migrating', migrationProgress(report.migration))
  const rolling = Object.values(report.deployments).some(live => !isRolledOut(live))
  if (rolling) return holds(type, 'RollingOut', 'pods are being started or replaced')
  return fails(type, 'AsDesired', ready.status === 'True' ? 'everything is as the spec says' : ready.message)
}

function degradation(pipeline: Pipeline, report: PipelineReport): Finding {
  const type = 'Degraded'
  const obstacle = [...report.obstacles, ...report.objectObstacles].find(({ reason }) => reason !== 'Waiting')
  if (obstacle) return holds(type, obstacle.reason, obstacle.message)
  // Before it was ready once, something that is missing is no loss.
  const served = pipeline.status?.version !== undefined
  if (served && report.missing.length > 0)
    return holds(type, 'SecretMissing', 'a Secret that had been there is missing')
  if (served && report.fault) return holds(type, report.fault.reason, advice(report))
  const { migration } = report
  if (migration?.state === 'failed') return holds(type, 'MigrationFailed', migrationFailure(pipeline, migration))
  if (migration?.state === 'running' && migration.stuck) return holds(type, 'MigrationStuck', migrationProgress(migration)) // prettier-ignore
  const drift = toldDrift(pipeline, report.drift)
  if (drift.length > 0) return holds(type, 'DriftFound', driftMessage(drift))
  const backup = backupFinding(pipeline, report.backups)
  if (backup?.status === 'False') return holds(type, backup.reason, backup.message)
  const stuck = stuckMessage(report.deployments.api) ?? stuckMessage(report.deployments.worker)
  if (stuck) return holds(type, 'RolloutStuck', stuck)
  return fails(type, 'AsDesired', 'nothing is wrong')
}

function advice({ fault }: PipelineReport): string {
  switch (fault?.reason) {
    case 'AccessRefused':
      return fault.store === 'vectors'
        ? `${fault.message}; correct the Secret that spec.vectors refers to`
        : `${fault.message}; correct the Secret that spec.postgres refers to, or the role in Postgres`
    case 'InvalidAddress':
      return `${fault.message}; correct the Secret that spec.postgres refers to`
    case 'OutOfResources':
      return `${fault.message}; give it more room; it is tried again by itself`
    case 'Unreachable':
      return `${fault.message}; it is tried again by itself`
    case undefined:
      return ''
  }
}

function wasTrue(pipeline: Pipeline, type: string): boolean {
  return pipeline.status?.conditions?.find(condition => condition.type === type)?.status === 'True'
}
