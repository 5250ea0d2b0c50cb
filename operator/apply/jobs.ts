import { type Job } from '../desired/job.ts'
import { type NetworkPolicy } from '../desired/network-policy.ts'
import { serviceAccount } from '../desired/service-account.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { APPLIED_ANNOTATION, objectPolicy } from '../plan/object-decision.ts'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { apply } from '../runtime/server-side-apply.ts'
import { applyObjects, decideObjects, FIELD_MANAGER } from './objects.ts'

/**
 * Makes a Job, and before it what its pods need and what else is made after it only: the identity that they have, and the
 * policy that lets them out.
 */
export async function createJob(
  client: KubernetesClient,
  pipeline: Pipeline,
  job: Job,
  fence: NetworkPolicy | null,
): Promise<void> {
  const identity = serviceAccount(pipeline)
  if (!(await client.get(types.serviceAccounts, identity.metadata)))
    await apply(client, types.serviceAccounts, identity, { fieldManager: FIELD_MANAGER, annotation: APPLIED_ANNOTATION }) // prettier-ignore
  // Somebody else's policy of that name is told when the pipeline's objects are looked at.
  if (fence) await applyObjects(client, await decideObjects(client, [fence], objectPolicy(pipeline)))
  await client.create(types.jobs, job)
}
