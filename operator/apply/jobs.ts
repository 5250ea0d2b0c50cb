import { type Job } from '../desired/job.ts'
import { serviceAccount } from '../desired/service-account.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { APPLIED_ANNOTATION } from '../plan/object-decision.ts'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { apply } from '../runtime/server-side-apply.ts'
import { FIELD_MANAGER } from './objects.ts'

/** Makes a Job, and the identity that its pods have when nothing of the pipeline is there yet. */
export async function createJob(client: KubernetesClient, pipeline: Pipeline, job: Job): Promise<void> {
  const identity = serviceAccount(pipeline)
  if (!(await client.get(types.serviceAccounts, identity.metadata)))
    await apply(client, types.serviceAccounts, identity, { fieldManager: FIELD_MANAGER, annotation: APPLIED_ANNOTATION }) // prettier-ignore
  await client.create(types.jobs, job)
}
