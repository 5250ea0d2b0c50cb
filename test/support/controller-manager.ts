import { setTimeout as delay } from 'node:timers/promises'
import { ownedTypes, types } from '../../operator/observe/resource-types.ts'
import { type KubernetesClient } from '../../operator/runtime/kubernetes-client.ts'
import { isConflict, isNotFound, isRefusal } from '../../operator/runtime/kubernetes-error.ts'
import { type KubernetesObject, type ResourceType } from '../../operator/runtime/kubernetes-object.ts'
import { type LiveJob } from '../../operator/observe/jobs.ts'
import { type LiveDeployment } from '../../operator/plan/deployment-findings.ts'
import { type JobImages, runJob } from './job-runner.ts'

/**
 * Does in one namespace what kube-controller-manager and kubelets would: Deployments get their pods, Jobs
 * run, and objects whose owner is gone are removed.
 */
export class ControllerManager {
  readonly #client: KubernetesClient
  readonly #namespace: string
  readonly #images: JobImages
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(client: KubernetesClient, namespace: string, images: JobImages) {
    this.#images = images
    this.#client = client
    this.#namespace = namespace
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await startPods(this.#client, this.#namespace)
        await runJobs(this.#client, this.#namespace, this.#images)
        await this.#collectGarbage()
      } catch (error) {
        // Some tests take the API server away, or a kind.
        if (isRefusal(error) && !isNotFound(error)) throw error
      }
      await delay(100, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined)
    }
  }

  async #collectGarbage(): Promise<void> {
    const owners = new Set<string | undefined>()
    const owned: [ResourceType, KubernetesObject][] = []
    for (const type of [types.pipelines, types.tenants, types.jobs, types.cronJobs])
      for (const { metadata } of (await this.#client.list(type, { namespace: this.#namespace })).items)
        owners.add(metadata.uid)
    for (const type of [...ownedTypes, types.configMaps, types.secrets, types.pods])
      for (const object of await this.#list(type))
        if (object.metadata.ownerReferences?.some(({ controller }) => controller)) owned.push([type, object])
    for (const [type, { metadata }] of owned)
      if (!metadata.ownerReferences?.some(({ uid }) => owners.has(uid)))
        await unlessGone(this.#client.delete(type, metadata))
  }

  /** Nothing of a kind whose CRD is not there. */
  async #list(type: ResourceType): Promise<readonly KubernetesObject[]> {
    try {
      return (await this.#client.list(type, { namespace: this.#namespace })).items
    } catch (error) {
      if (type.optional && isNotFound(error)) return []
      throw error
    }
  }
}

/** Once: every Deployment of the namespace gets the pods that it asks for. */
export async function startPods(client: KubernetesClient, namespace: string): Promise<void> {
  const { items } = await client.list<LiveDeployment>(types.deployments, { namespace })
  for (const { metadata, spec, status } of items) {
    const replicas = spec.replicas ?? 1
    if (status?.observedGeneration === metadata.generation && status?.availableReplicas === replicas) continue
    const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas }
    const condition = { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: '' }
    const patch = { status: { observedGeneration: metadata.generation, ...counts, conditions: [condition] } }
    await unlessGone(client.mergePatch(types.deployments, metadata, patch, { subresource: 'status' }))
  }
}

/** Once: every Job that has not ended runs. */
export async function runJobs(
  client: KubernetesClient,
  namespace: string,
  images: JobImages = new Map(),
): Promise<void> {
  const { items } = await client.list<LiveJob>(types.jobs, { namespace })
  for (const job of items) if (!job.status?.conditions) await unlessGone(runJob(client, job, images))
}

async function unlessGone(request: Promise<unknown>): Promise<void> {
  await request.catch((error: unknown) => {
    if (!isNotFound(error) && !isConflict(error)) throw error
  })
}
