import { type Connections, storeFault } from './connections.ts'
import { type OperatorContext } from './controllers/context.ts'
import { reconcilePipeline } from './controllers/pipeline.ts'
import { reconcileTenant } from './controllers/tenant.ts'
import { type OperatorMetrics } from './metrics.ts'
import { disposableTypes, types } from './observe/resource-types.ts'
import { type Pipeline, type Tenant } from './observe/resources.ts'
import { type OperatorDependencies } from './operator.ts'
import { backoff, spread } from './runtime/backoff.ts'
import { type ReconcileResult, runController } from './runtime/controller.ts'
import { EventRecorder } from './runtime/events.ts'
import { freshReads } from './runtime/fresh-read.ts'
import { KubernetesClient } from './runtime/kubernetes-client.ts'
import { isRefusal } from './runtime/kubernetes-error.ts'
import { type OwnWrites } from './runtime/own-writes.ts'
import { pause } from './runtime/timers.ts'
import { type QueueState, WorkQueue } from './runtime/work-queue.ts'
import { StoreAddresses } from './store-addresses.ts'
import { type Watching } from './watching.ts'

export interface LeadingDependencies extends OperatorDependencies {
  readonly watching: Watching
  readonly connections: Connections
  readonly metrics: OperatorMetrics
  readonly reader: KubernetesClient
  readonly own: OwnWrites
}

export interface Leading {
  /** By controller. */
  queues(): Record<string, QueueState>
  /** Works until `signal` aborts (then it finishes what runs) or leadership is lost (then it stops at once). */
  until(signal: AbortSignal): Promise<void>
}

/** After so long a failing key is tried no less often: a database that comes back is used within minutes. */
const BACKOFF = { baseMs: 500, maxMs: 120_000 }
/** A thousand tenants that appear or become ready within it make the pipeline count them once. */
const SOON_MS = 1000
const IDLE_CHECK_MS = 60_000

/**
 * One term of leadership: queues, and workers that reconcile.
 * @param assert throws when leadership has lapsed
 * @param lost aborts when leadership is lost
 */
export function lead(deps: LeadingDependencies, assert: () => void, lost: AbortSignal): Leading {
  const { config, timers, random } = deps
  const queue = (controller: string) =>
    new WorkQueue({ timers, random, backoff: BACKOFF, waited: ms => deps.metrics.waited(controller, ms) })
  const queues = { pipeline: queue('pipeline'), tenant: queue('tenant') }
  const hardStop = new AbortController()
  const stopNow = AbortSignal.any([lost, hardStop.signal])
  const beforeWrite = () => {
    stopNow.throwIfAborted()
    assert()
  }
  const client = new KubernetesClient(deps.transport, {
    signal: stopNow,
    beforeWrite,
    onWrite: (...write) => deps.own.begin(...write),
  })
  const events = new EventRecorder({ client, controller: 'selfrag.io/operator', instance: config.POD_NAME, now: deps.now, log: deps.log }) // prettier-ignore

  const until = async (signal: AbortSignal) => {
    const cluster = await clusterId(deps, client, AbortSignal.any([signal, lost]))
    if (cluster === null) return
    const context = makeContext(deps, {
      client,
      events,
      cluster,
      beforeWrite,
      lookAtPipeline: key => queues.pipeline.add(key),
    })
    const stopping = AbortSignal.any([signal, lost])
    const run = (name: keyof typeof queues, reconcile: (context: OperatorContext, key: string) => Promise<ReconcileResult>) =>
      runController(
        {
          name,
          queue: queues[name],
          workers: config.WORKERS,
          reconcile: key => reconcile(context, key),
          log: deps.log,
          observe: run => deps.metrics.run(name, run),
          now: () => timers.now(),
        },
        stopping,
        stopNow,
      ) // prettier-ignore
    deps.watching.handTo({
      pipeline: key => queues.pipeline.add(key),
      tenant: key => queues.tenant.add(key),
      pipelineSoon: key => queues.pipeline.addAfter(key, SOON_MS),
    })
    const cancelGrace = limitGrace(deps, signal, hardStop)
    const idle = closeIdleNowAndThen(deps, stopping)
    try {
      await Promise.all([run('pipeline', reconcilePipeline), run('tenant', reconcileTenant)])
      await events.drain()
    } finally {
      deps.watching.handTo(null)
      cancelGrace()
      await idle
    }
  }
  return { until, queues: () => ({ pipeline: queues.pipeline.state, tenant: queues.tenant.state }) }
}

/**
 * Uid of the namespace that every cluster has and that nobody can make anew. An API server that is away is waited for; null
 * when the signal aborts meanwhile.
 * @throws when the API server refuses to tell
 */
async function clusterId(
  { timers, random, log }: LeadingDependencies,
  client: KubernetesClient,
  signal: AbortSignal,
): Promise<string | null> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      const namespace = await client.get(types.namespaces, { name: 'kube-system' })
      if (namespace?.metadata.uid) return namespace.metadata.uid
      throw new Error('the namespace kube-system has no uid, which identifies the cluster')
    } catch (error) {
      if (signal.aborted) return null
      if (!(error instanceof Error) || isRefusal(error)) throw error
      log.warn({ err: error }, 'the API server does not tell which cluster this is; asking again')
      await pause(timers, backoff(BACKOFF, failures, random()), signal)
    }
  }
  return null
}

interface Term {
  readonly client: KubernetesClient
  readonly events: EventRecorder
  readonly cluster: string
  readonly beforeWrite: () => void
  readonly lookAtPipeline: (key: string) => void
}

function makeContext(deps: LeadingDependencies, term: Term): OperatorContext {
  const { config, watching, connections, metrics, hooks } = deps
  const { client, events, cluster, beforeWrite, lookAtPipeline } = term
  const addresses = new StoreAddresses(watching.watched.secrets)
  const namespaces = config.WATCH_NAMESPACES.length > 0 ? config.WATCH_NAMESPACES : [undefined]
  return {
    client,
    events,
    cluster,
    image: config.API_IMAGE,
    dryRun: config.DRY_RUN,
    now: deps.now,
    resyncMs: () => spread(config.RESYNC_SECONDS * 1000, deps.random()),
    isolationCheckMs: config.ISOLATION_CHECK_SECONDS * 1000,
    countIsolationCheck: metrics.isolationCheck,
    tenants: () => watching.watched.tenants.list(),
    tenant: freshReads(watching.watched.tenants, client, deps.own),
    disposable: () =>
      watching.watched.owned.filter(({ type }) => disposableTypes.includes(type)).flatMap(informer => informer.list()),
    absence: (type, namespace) =>
      watching.watched.owned.find(informer => informer.type === type)?.absence(namespace) ?? null,
    listTenants: async () => {
      const lists = await Promise.all(namespaces.map(namespace => client.list<Tenant>(types.tenants, { namespace })))
      return lists.flatMap(({ items }) => items)
    },
    pipeline: async ref => watching.watched.pipelines.get(ref) ?? client.get<Pipeline>(types.pipelines, ref),
    addressOf: pipeline => addresses.of({ client }, pipeline),
    withStores: (pipeline, address, work) => connections.use(pipeline, address, work),
    lookAtPipeline,
    forgetStores: pipeline => {
      addresses.forget(pipeline)
      connections.forget(pipeline)
    },
    faultOf: error => {
      const fault = storeFault(error)
      if (fault) metrics.storeFault(fault)
      return fault
    },
    hooks: {
      beforeStep: async (step, index) => {
        beforeWrite()
        await hooks?.beforeStep?.(step, index)
      },
      onStep: async (step, index) => {
        metrics.step(step.kind)
        await hooks?.onStep?.(step, index)
      },
    },
  }
}

/** Runs that do not end by themselves are cut off before Kubernetes would. */
function limitGrace(
  { config, timers }: LeadingDependencies,
  signal: AbortSignal,
  hardStop: AbortController,
): () => void {
  let cancel = () => {}
  const start = () => {
    cancel = timers.after(config.SHUTDOWN_GRACE_SECONDS * 1000, () =>
      hardStop.abort(new Error('the grace period is over')),
    )
  }
  if (signal.aborted) start()
  else signal.addEventListener('abort', start, { once: true })
  return () => {
    signal.removeEventListener('abort', start)
    cancel()
  }
}

async function closeIdleNowAndThen({ timers, connections }: LeadingDependencies, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    await pause(timers, IDLE_CHECK_MS, stopping)
    connections.closeIdle()
  }
}
