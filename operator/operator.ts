import { productVersion } from '../api/contract/product-version.ts'
import { type PlanHooks } from '../api/provisioning/apply.ts'
import { type Logger } from 'pino'
import { type OperatorConfig } from './config.ts'
import { Connections, type OpenStores } from './connections.ts'
import { lead, type Leading } from './leading.ts'
import { operatorMetrics } from './metrics.ts'
import { types } from './observe/resource-types.ts'
import { serveHealth } from './runtime/health.ts'
import { observeTransport } from './runtime/observed-transport.ts'
import { KubernetesClient } from './runtime/kubernetes-client.ts'
import { type Transport } from './runtime/kubernetes-transport.ts'
import { takePart } from './runtime/leader-election.ts'
import { OwnWrites } from './runtime/own-writes.ts'
import { type Timers } from './runtime/timers.ts'
import { startWatching } from './watching.ts'

/** All that the operator takes from outside; `main.ts` gives it the real ones. */
export interface OperatorDependencies {
  readonly config: OperatorConfig
  readonly transport: Transport
  readonly openStores: OpenStores
  readonly timers: Timers
  readonly now: () => Date
  readonly random: () => number
  readonly log: Logger
  /** Around each step in a store: for tests that crash between two. */
  readonly hooks?: PlanHooks
}

export interface RunningOperator {
  /** Where /healthz, /readyz and /metrics are. */
  readonly healthPort: number
  readonly isLeading: () => boolean
  /** Finishes what runs, gives the Lease back, closes connections. */
  stop(): Promise<void>
  /** Resolves when it has ended by {@link stop}; rejects when it cannot go on. */
  readonly ended: Promise<void>
}

/** An informer that has heard nothing for so long is not following any more: a restart may help. */
const DEAF_MS = 10 * 60_000

/** Starts one replica; resolves when its health can be asked. */
export async function runOperator(deps: OperatorDependencies): Promise<RunningOperator> {
  const { config, timers, log } = deps
  const stopping = new AbortController()
  let leading: Leading | null = null
  const metrics = operatorMetrics({
    build: { version: productVersion, revision: config.BUILD_REVISION },
    queues: () => leading?.queues() ?? {},
    resources: () => watching.resources(),
    informers: () => watching.informers(),
    backups: () => watching.backups(),
  })
  const transport = observeTransport(deps.transport, metrics.request, () => timers.now())
  const reader = new KubernetesClient(transport)
  const own = new OwnWrites([types.tenants.kind, types.secrets.kind])
  const watching = startWatching({ ...deps, metrics }, reader, own, stopping.signal)
  const connections = new Connections({
    open: deps.openStores,
    now: () => timers.now(),
    idleMs: 2 * config.RESYNC_SECONDS * 1000,
    log,
  })
  const health = await serveHealth({
    ...config.METRICS_BIND,
    registry: metrics.registry,
    live: () => watching.deaf(DEAF_MS),
    ready: () => watching.unsynced(),
  })

  const leadTerm = async (assert: () => void, lost: AbortSignal) => {
    metrics.leading(true)
    leading = lead({ ...deps, transport, watching, connections, metrics, reader, own }, assert, lost)
    try {
      await leading.until(stopping.signal)
    } finally {
      leading = null
      metrics.leading(false)
    }
  }
  const work = async () => {
    await Promise.race([watching.synced, aborted(stopping.signal)])
    if (!config.LEADER_ELECT) return leadTerm(() => undefined, new AbortController().signal)
    await takePart(
      election(deps, reader),
      leadership => leadTerm(() => leadership.assert(), leadership.signal),
      stopping.signal,
    )
  }
  const ended = work().finally(async () => {
    stopping.abort()
    await connections.closeAll()
    await watching.ended
    await health.close()
  })
  return {
    healthPort: health.port,
    isLeading: () => leading !== null,
    stop: () => {
      stopping.abort()
      return ended
    },
    ended,
  }
}

function election({ config, timers, now, log }: OperatorDependencies, client: KubernetesClient) {
  const leaseMs = config.LEASE_SECONDS * 1000
  return {
    client,
    namespace: config.LEASE_NAMESPACE ?? config.POD_NAMESPACE,
    name: config.LEASE_NAME,
    identity: `${config.POD_NAME}_${process.pid}`,
    leaseMs,
    renewDeadlineMs: (leaseMs * 2) / 3,
    retryMs: leaseMs / 7.5,
    timers,
    now,
    log,
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
