import { type MissingSecret } from '../observe/secrets.ts'
import { type Pipeline } from '../observe/resources.ts'
import { type Finding } from '../runtime/conditions.ts'
import { fails, holds, sentences, unknown } from './findings.ts'
import { type JobOutcome } from './job-outcome.ts'
import { describe } from './missing-secrets.ts'

/** What is known of a pipeline's backups. */
export interface BackupReport {
  readonly missing: readonly MissingSecret[]
  /** Whether the CronJob is there. */
  readonly scheduled: boolean
  /** RFC 3339. */
  readonly lastSuccess: string | null
  /** The Job that began last, when it is still there. */
  readonly newest: { readonly job: string; readonly outcome: JobOutcome } | null
}

const TYPE = 'BackupReady'

/** Null when no backups are asked for. Whether the pipeline serves does not depend on it. Pure. */
export function backupFinding(pipeline: Pipeline, report: BackupReport | null): Finding | null {
  const { backup } = pipeline.spec
  if (!backup || !report) return null
  if (report.missing.length > 0) return fails(TYPE, 'SecretMissing', sentences(report.missing.map(secret => describe(pipeline.metadata.namespace, secret)))) // prettier-ignore
  if (!report.scheduled) return unknown(TYPE, 'NotScheduled', 'the CronJob is made when the pipeline is ready')
  const { newest, lastSuccess } = report
  const good = lastSuccess === null ? 'there is no good one yet' : `the last good one is of ${lastSuccess}`
  if (newest?.outcome.state === 'failed')
    return fails(TYPE, 'BackupFailed', `Job ${newest.job} failed: ${newest.outcome.message ?? newest.outcome.reason}; ${good}`) // prettier-ignore
  if (newest?.outcome.state === 'running' && newest.outcome.stuck)
    return fails(TYPE, 'BackupStuck', `Job ${newest.job} cannot run: ${newest.outcome.message}; ${good}`)
  if (lastSuccess === null)
    return unknown(TYPE, 'NoBackupYet', `the first one is due by the schedule ${backup.schedule}; \`kubectl create job --from=cronjob/${pipeline.metadata.name}-backup first-backup\` takes one now`) // prettier-ignore
  return holds(TYPE, 'BackedUp', `the last backup was complete at ${lastSuccess}, in ${backup.destination}`)
}
