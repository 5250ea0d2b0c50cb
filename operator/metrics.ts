import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { type ControllerOptions } from './runtime/controller.ts'

/** What the operator tells about itself at /metrics. */
export interface OperatorMetrics {
  readonly registry: Registry
  /** Counts the runs of one controller. */
  readonly observe: (controller: string) => ControllerOptions['observe']
  readonly leading: (isLeader: boolean) => void
  readonly step: (kind: string) => void
}

export interface MetricSources {
  /** Keys that wait, by controller. */
  readonly depths: () => Readonly<Record<string, number>>
  /** Resources by kind and status of their condition Ready. */
  readonly readiness: () => readonly { readonly kind: string; readonly ready: string }[]
}

export function operatorMetrics(sources: MetricSources): OperatorMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const runs = new Counter({
    name: 'selfrag_operator_reconciles_total',
    help: 'Reconciliations by how they ended: done, waiting, failed, stopped.',
    labelNames: ['controller', 'outcome'],
    registers,
  })
  const seconds = new Histogram({
    name: 'selfrag_operator_reconcile_seconds',
    help: 'How long reconciliations took.',
    labelNames: ['controller'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  })
  const steps = new Counter({
    name: 'selfrag_operator_steps_total',
    help: 'Changes made in Postgres and the vector store, by kind of step.',
    labelNames: ['kind'],
    registers,
  })
  const leader = new Gauge({ name: 'selfrag_operator_leader', help: '1 while this replica leads.', registers })
  gaugeOfQueues(registers, sources)
  gaugeOfResources(registers, sources)
  return {
    registry,
    observe: controller => run => {
      runs.inc({ controller, outcome: run.outcome })
      seconds.observe({ controller }, run.seconds)
    },
    leading: isLeader => leader.set(isLeader ? 1 : 0),
    step: kind => steps.inc({ kind }),
  }
}

function gaugeOfQueues(registers: Registry[], { depths }: MetricSources): void {
  new Gauge({
    name: 'selfrag_operator_queue_depth',
    help: 'Keys that wait for a worker.',
    labelNames: ['controller'],
    registers,
    collect() {
      for (const [controller, depth] of Object.entries(depths())) this.set({ controller }, depth)
    },
  })
}

function gaugeOfResources(registers: Registry[], { readiness }: MetricSources): void {
  new Gauge({
    name: 'selfrag_operator_resources',
    help: 'RagPipelines and RagTenants by the status of their condition Ready.',
    labelNames: ['kind', 'ready'],
    registers,
    collect() {
      this.reset()
      for (const labels of readiness()) this.inc(labels)
    },
  })
}
