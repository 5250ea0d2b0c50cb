import { type ObservedPipeline } from '../../api/provisioning/observed.ts'
import { type Drift, type Obstacle } from '../../api/provisioning/steps.ts'
import { type AppliedObject } from '../../crds/applied-objects.ts'
import { type MissingSecret } from '../observe/secrets.ts'
import { type BackupReport } from './backup-findings.ts'
import { type LiveDeployment } from './deployment-findings.ts'
import { type MonitoringObject } from './monitoring-finding.ts'
import { type Migration } from './migration.ts'
import { type StoreFault } from './store-fault.ts'

/** What one reconciliation of a pipeline has found out and done; status and conditions follow from it. */
export interface PipelineReport {
  readonly missing: readonly MissingSecret[]
  readonly fault: StoreFault | null
  /** In database and vector store. */
  readonly obstacles: readonly Obstacle[]
  /** Objects in the cluster that are somebody else's, or still on their way out. */
  readonly objectObstacles: readonly Obstacle[]
  /** Differences that the drift policy leaves as they are. */
  readonly drift: readonly Drift[]
  /** After the steps; null when the stores could not be read. */
  readonly stores: ObservedPipeline | null
  readonly tenants: number | null
  /** What has been applied in the cluster; null when nothing was looked at there, and what was recorded stays. */
  readonly applied: readonly AppliedObject[] | null
  /** The optional objects that the spec asks for; null when they were not looked at. */
  readonly monitoring: readonly MonitoringObject[] | null
  /** Null when none are asked for. */
  readonly backups: BackupReport | null
  /** Null when it could not be found out. */
  readonly migration: Migration | null
  readonly deployments: { readonly api: LiveDeployment | null; readonly worker: LiveDeployment | null }
}
