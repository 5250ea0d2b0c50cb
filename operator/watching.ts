import { type OperatorConfig } from './config.ts'
import { connectWatches, type Enqueue, enqueueAll, ownedSelector, type Watched } from './controllers/watches.ts'
import { type MeasuredBackup } from './metrics/backup-metrics.ts'
import { type KubernetesMetrics } from './metrics/kubernetes-metrics.ts'
import { type LiveCronJob } from './observe/jobs.ts'
import { ownedTypes, types } from './observe/resource-types.ts'
import { type Pipeline, type Tenant } from './observe/resources.ts'
import { Informer, type InformerOptions } from './runtime/informer.ts'
import { type KubernetesClient } from './runtime/kubernetes-client.ts'
import { controllerOf, type KubernetesObject, type ResourceType } from './runtime/kubernetes-object.ts'
import { type OwnWrites } from './runtime/own-writes.ts'
import { type Timers } from './runtime/timers.ts'

export interface Watching {
  readonly watched: Watched
  /** Resolves when everything has been listed once. */
  readonly synced: Promise<void>
  /** Resolves when the watches have ended. */
  readonly ended: Promise<void>
  /** Hands all keys that there are, and from now on those that change, to a replica that leads; null: to nobody. */
  handTo(enqueue: Enqueue | null): void
  /** What has not been listed yet, a line each. */
  unsynced(): string[]
  /** What has not been heard of for so long, a line each. */
  deaf(milliseconds: number): string[]
  resources(): (Pipeline | Tenant)[]
  informers(): readonly Informer<KubernetesObject>[]
  /** Of all pipelines that have them. */
  backups(): MeasuredBackup[]
}

export interface WatchingDependencies {
  readonly config: OperatorConfig
  readonly timers: Timers
  readonly random: () => number
  readonly log: InformerOptions['log']
  readonly metrics: Pick<KubernetesMetrics, 'restarted'>
}

/** How long it takes at most to notice that an optional kind has been installed. */
const ABSENT_RETRY_MS = 30_000

/** Follows the API server until `signal` aborts, whether this replica leads or not: a new leader knows all at once. */
export function startWatching(
  deps: WatchingDependencies,
  client: KubernetesClient,
  own: OwnWrites,
  signal: AbortSignal,
): Watching {
  const watched = makeInformers(deps, client)
  let target: Enqueue | null = null
  const enqueueing: Enqueue = {
    pipeline: key => target?.pipeline(key),
    tenant: key => target?.tenant(key),
    pipelineSoon: key => target?.pipelineSoon(key),
  }
  connectWatches(watched, enqueueing, own)
  const informers = Object.values(watched).flat() as Informer<KubernetesObject>[]
  const ended = Promise.all(informers.map(informer => informer.run(signal)))
  return {
    watched,
    synced: Promise.all(informers.map(informer => informer.synced)).then(() => undefined),
    ended: ended.then(() => undefined),
    handTo: enqueue => {
      target = enqueue
      if (enqueue) enqueueAll(watched, enqueue)
    },
    unsynced: () =>
      informers.filter(({ hasSynced }) => !hasSynced).map(({ kind }) => `${kind} has not been listed yet`),
    deaf: milliseconds =>
      informers
        .filter(({ silentFor }) => silentFor !== null && silentFor > milliseconds)
        .map(({ kind }) => `${kind} has not been heard of for ${milliseconds / 1000} s`),
    resources: () => [...watched.pipelines.list(), ...watched.tenants.list()],
    informers: () => informers,
    backups: () => backupsOf(watched),
  }
}

function backupsOf({ owned }: Watched): MeasuredBackup[] {
  const cronJobs = owned.filter(({ type }) => type === types.cronJobs).flatMap(informer => informer.list())
  return (cronJobs as LiveCronJob[]).flatMap(cronJob => {
    const pipeline = controllerOf(cronJob, 'RagPipeline')
    const { metadata, status } = cronJob
    if (!pipeline || metadata.namespace === undefined) return []
    const { lastScheduleTime: lastSchedule, lastSuccessfulTime: lastSuccess } = status ?? {}
    return [{ namespace: metadata.namespace, name: pipeline, lastSchedule, lastSuccess }]
  })
}

function makeInformers(deps: WatchingDependencies, client: KubernetesClient): Watched {
  const { config, timers, random, log, metrics } = deps
  const make = <T extends KubernetesObject>(type: ResourceType, options: Partial<InformerOptions> = {}) =>
    new Informer<T>({
      client,
      type,
      namespaces: config.WATCH_NAMESPACES,
      timers,
      random,
      log,
      restarted: reason => metrics.restarted(type.kind, reason),
      ...options,
    })
  const absentRetryMs = Math.min(ABSENT_RETRY_MS, config.RESYNC_SECONDS * 1000)
  return {
    pipelines: make<Pipeline>(types.pipelines),
    tenants: make<Tenant>(types.tenants),
    owned: ownedTypes.map(type => make(type, { labelSelector: ownedSelector, absentRetryMs })),
    configMaps: make(types.configMaps, { metadataOnly: true }),
    secrets: make(types.secrets, { metadataOnly: true }),
  }
}
