import { sameOwner } from '../../api/contract/ownership.ts'
import { ownerOf } from '../../api/provisioning/from-resource.ts'
import { observeDatabase, type ObservedDatabase } from '../../api/provisioning/observe-pipeline.ts'
import { type ProvisioningStores } from '../../api/provisioning/stores.ts'
import { createJob } from '../apply/jobs.ts'
import { type Job } from '../desired/job.ts'
import { migrationJob } from '../desired/migration-job.ts'
import { networkPolicy } from '../desired/network-policy.ts'
import { imageOf } from '../desired/pod-template.ts'
import { observeJobs, observePods } from '../observe/jobs.ts'
import { type ObservedReferences } from '../observe/references.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { jobOutcome } from '../plan/job-outcome.ts'
import { referencedAddresses } from '../plan/referenced-addresses.ts'
import { decideMigration, isMigrated, type Migration } from '../plan/migration.ts'
import { type OperatorContext } from './context.ts'
import { type Planned } from './planning.ts'

/** Sees to it that the pipeline's image has migrated the database, by a Job; waits for none. */
export async function migrate(
  context: OperatorContext,
  pipeline: Pipeline,
  references: ObservedReferences,
  stores: ProvisioningStores,
  database: ObservedDatabase,
): Promise<Migration> {
  const image = imageOf(pipeline, context)
  if (isMigrated(database.control.level, image)) return { state: 'done' }
  const jobs = await observeJobs(context.client, pipeline, 'migrate')
  // Read after the Jobs: one that has just ended has left its record before.
  const { control } = await observeDatabase(stores)
  if (isMigrated(control.level, image)) return { state: 'done' }
  const wanted = wantedJob(context, pipeline, references, control)
  const live = jobs.find(({ metadata }) => metadata.name === wanted.metadata.name)
  const outcome = live ? jobOutcome(live, await observePods(context.client, live)) : null
  const { migration, start, remove } = decideMigration(image, wanted, jobs, outcome, context.now())
  for (const { metadata } of remove) await context.client.delete(types.jobs, metadata)
  if (start) {
    const addresses = referencedAddresses(pipeline, references)
    await createJob(context.client, pipeline, wanted, networkPolicy(pipeline, 'migrate', { addresses }))
  }
  return migration
}

function wantedJob(
  { image, cluster }: Pick<OperatorContext, 'image' | 'cluster'>,
  pipeline: Pipeline,
  { checksum: secretsChecksum }: ObservedReferences,
  control: ObservedDatabase['control'],
): Job {
  const owner = ownerOf(pipeline, cluster)
  const adopt = control.exists && !(control.owner && sameOwner(control.owner, owner))
  return migrationJob(pipeline, { image, secretsChecksum, owner, adopt })
}

/** What {@link migrate} would do. What the Job itself does is the image's to say. */
export async function planMigration(
  context: OperatorContext,
  pipeline: Pipeline,
  references: ObservedReferences,
  control: ObservedDatabase['control'],
): Promise<Planned> {
  const image = imageOf(pipeline, context)
  if (isMigrated(control.level, image)) return { changes: [], notes: [] }
  const { metadata } = wantedJob(context, pipeline, references, control)
  const jobs = await observeJobs(context.client, pipeline, 'migrate')
  const object = `Job/${metadata.name}`
  if (jobs.some(job => job.metadata.name === metadata.name))
    return { changes: [], notes: [`${object} is at work, or has failed; the rest comes when it has succeeded`] }
  const detail = `runs the image ${image}, which brings all schemas to its version; the rest comes when it has succeeded`
  return { changes: [{ target: 'kubernetes', action: 'create', object, detail }], notes: [] }
}
