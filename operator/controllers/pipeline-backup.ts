import { backupSecrets } from '../desired/backup-cron-job.ts'
import { names } from '../desired/names.ts'
import { type LiveCronJob, newestJob, observeJobs, observePods } from '../observe/jobs.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { observeSecrets } from '../observe/secrets.ts'
import { type BackupReport } from '../plan/backup-findings.ts'
import { jobOutcome } from '../plan/job-outcome.ts'
import { type OperatorContext } from './context.ts'

/** How the backups of a pipeline are doing; null when none are asked for. Reads only. */
export async function observeBackups({ client }: OperatorContext, pipeline: Pipeline): Promise<BackupReport | null> {
  const { backup } = pipeline.spec
  if (!backup) return null
  const { namespace } = pipeline.metadata
  const references = backupSecrets(backup).map(({ secret }) => ({ name: secret.name, keys: [secret.key] }))
  const { missing } = await observeSecrets(client, namespace, references)
  const cronJob = await client.get<LiveCronJob>(types.cronJobs, { namespace, name: names.cronJob(pipeline, 'backup') })
  const uid = cronJob?.metadata.uid
  const job = uid === undefined ? null : newestJob(await observeJobs(client, pipeline, 'backup', uid))
  const outcome = job ? jobOutcome(job, await observePods(client, job)) : null
  return {
    missing,
    scheduled: cronJob !== null,
    lastSuccess: cronJob?.status?.lastSuccessfulTime ?? null,
    newest: job && outcome ? { job: job.metadata.name, outcome } : null,
  }
}
