import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import { backupMetrics, type MeasuredBackup } from './metrics/backup-metrics.ts'
import { type ControllerMetrics, controllerMetrics } from './metrics/controller-metrics.ts'
import { type KubernetesMetrics, kubernetesMetrics, type MeasuredInformer } from './metrics/kubernetes-metrics.ts'
import { type MeasuredResource, resourceMetrics } from './metrics/resource-metrics.ts'
import { type StoreFault } from './plan/store-fault.ts'
import { type QueueState } from './runtime/work-queue.ts'

/** What the operator tells about itself at /metrics; docs/operations/operator.md says what to make of it. */
export interface OperatorMetrics extends ControllerMetrics, KubernetesMetrics {
  readonly registry: Registry
  readonly leading: (isLeader: boolean) => void
  /** After a change in a store. */
  readonly step: (kind: string) => void
  /** When a store could not be used. */
  readonly storeFault: (fault: StoreFault) => void
  /** After each check of a tenant's isolation. */
  readonly isolationCheck: (isolated: boolean) => void
}

export interface MetricSources {
  readonly build: { readonly version: string; readonly revision: string }
  /** By controller; empty while this replica does not lead. */
  readonly queues: () => Readonly<Record<string, QueueState>>
  readonly resources: () => readonly MeasuredResource[]
  readonly informers: () => readonly MeasuredInformer[]
  readonly backups: () => readonly MeasuredBackup[]
}

export function operatorMetrics(sources: MetricSources): OperatorMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  buildInfo(registers, sources.build)
  resourceMetrics(registers, sources.resources)
  backupMetrics(registers, sources.backups)
  const leader = new Gauge({ name: 'selfrag_operator_leader', help: '1 while this replica leads.', registers })
  const steps = new Counter({
    name: 'selfrag_operator_steps_total',
    help: 'Changes made in Postgres and the vector store, by kind of step.',
    labelNames: ['kind'],
    registers,
  })
  const faults = new Counter({
    name: 'selfrag_operator_store_errors_total',
    help: 'Reconciliations that could not use a store (database, vectors), by the reason that the condition gives.',
    labelNames: ['store', 'reason'],
    registers,
  })
  const isolationChecks = new Counter({
    name: 'selfrag_operator_isolation_checks_total',
    help: "Checks of tenants' isolation: refused as they must be, or something was reached.",
    labelNames: ['outcome'],
    registers,
  })
  return {
    registry,
    ...controllerMetrics(registers, sources.queues),
    ...kubernetesMetrics(registers, sources.informers),
    leading: isLeader => leader.set(isLeader ? 1 : 0),
    isolationCheck: isolated => isolationChecks.inc({ outcome: isolated ? 'refused' : 'reached' }),
    step: kind => steps.inc({ kind }),
    storeFault: ({ store, reason }) => faults.inc({ store, reason }),
  }
}

function buildInfo(registers: Registry[], { version, revision }: MetricSources['build']): void {
  const gauge = new Gauge({
    name: 'selfrag_operator_build_info',
    help: 'Always 1, with what runs: its version, the revision that it was built from, and the version of Node.',
    labelNames: ['version', 'revision', 'node'],
    registers,
  })
  gauge.set({ version, revision, node: process.version }, 1)
}
