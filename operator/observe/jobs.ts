import { type CronJob } from '../desired/backup-cron-job.ts'
import { type Job } from '../desired/job.ts'
import { objectLabels } from '../desired/labels.ts'
import { type JobComponent } from '../desired/names.ts'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { type KubernetesObject } from '../runtime/kubernetes-object.ts'
import { types } from './resource-types.ts'
import { type Pipeline } from './resources.ts'

/** A Job as the API server gives it: the part of its status that is looked at. */
export interface LiveJob extends Job {
  readonly status?: {
    readonly completionTime?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string; readonly lastTransitionTime?: string }[] // prettier-ignore
  }
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string; readonly finishedAt?: string } // prettier-ignore
}

/** A pod of a Job, likewise. */
export interface LivePod extends KubernetesObject {
  readonly status?: { readonly containerStatuses?: readonly { readonly state?: ContainerState }[] }
}

/** A CronJob, likewise. */
export interface LiveCronJob extends CronJob {
  readonly status?: { readonly lastScheduleTime?: string; readonly lastSuccessfulTime?: string }
}

/** The one that began last. */
export function newestJob(jobs: readonly LiveJob[]): LiveJob | null {
  const began = ({ metadata }: LiveJob) => metadata.creationTimestamp ?? ''
  return [...jobs].sort((a, b) => (began(a) < began(b) ? -1 : 1)).at(-1) ?? null
}

/**
 * All Jobs of a kind that a pipeline has, finished ones included.
 * @param owner uid of what has made them
 */
export async function observeJobs(
  client: KubernetesClient,
  pipeline: Pipeline,
  component: JobComponent,
  owner = pipeline.metadata.uid,
): Promise<readonly LiveJob[]> {
  const labelSelector = selector(objectLabels(pipeline, component))
  const { items } = await client.list<LiveJob>(types.jobs, { namespace: pipeline.metadata.namespace, labelSelector })
  return items.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner))
}

export async function observePods(client: KubernetesClient, { metadata }: LiveJob): Promise<readonly LivePod[]> {
  const labelSelector = selector({ 'batch.kubernetes.io/job-name': metadata.name })
  const { items } = await client.list<LivePod>(types.pods, { namespace: metadata.namespace, labelSelector })
  return items
}

function selector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(',') // prettier-ignore
}
