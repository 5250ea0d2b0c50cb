import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { type ControllerRun } from '../runtime/controller.ts'
import { type QueueState } from '../runtime/work-queue.ts'

export interface ControllerMetrics {
  /** After a run of that controller. */
  readonly run: (controller: string, run: ControllerRun) => void
  /** When a worker takes a key that has waited for so long. */
  readonly waited: (controller: string, milliseconds: number) => void
}

/** @param queues by controller; empty while this replica does not lead */
export function controllerMetrics(
  registers: Registry[],
  queues: () => Readonly<Record<string, QueueState>>,
): ControllerMetrics {
  const labelNames = ['controller'] as const
  const runs = new Counter({
    name: 'selfrag_operator_reconciles_total',
    help: 'Reconciliations by how they ended: done, waiting (it comes back by itself), failed (it is tried again), stopped.',
    labelNames: ['controller', 'outcome'],
    registers,
  })
  const retries = new Counter({
    name: 'selfrag_operator_retries_total',
    help: 'Reconciliations of resources whose reconciliation before had failed.',
    labelNames,
    registers,
  })
  const seconds = new Histogram({
    name: 'selfrag_operator_reconcile_seconds',
    help: 'How long reconciliations took.',
    labelNames,
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  })
  const waits = new Histogram({
    name: 'selfrag_operator_queue_wait_seconds',
    help: 'How long resources waited for a worker, since the change that concerned them.',
    labelNames,
    buckets: [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300],
    registers,
  })
  const gauge = (name: string, help: string, value: (state: QueueState) => number) =>
    new Gauge({
      name: `selfrag_operator_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        // What a term of leadership has left behind is not so any more.
        this.reset()
        for (const [controller, state] of Object.entries(queues())) this.set({ controller }, value(state))
      },
    })
  gauge('queue_depth', 'Resources that wait for a worker.', ({ depth }) => depth)
  gauge('queue_longest_wait_seconds', 'How long the resource has waited that waits longest.', state => state.longestWaitMs / 1000) // prettier-ignore
  gauge('queue_failing', 'Resources whose last reconciliation failed.', ({ failing }) => failing)
  gauge('reconciles_running', 'Reconciliations that run now.', ({ running }) => running)
  gauge('reconcile_longest_running_seconds', 'How long the reconciliation has run that runs longest.', state => state.longestRunMs / 1000) // prettier-ignore
  return {
    run: (controller, run) => {
      runs.inc({ controller, outcome: run.outcome })
      seconds.observe({ controller }, run.seconds)
      if (run.retry) retries.inc({ controller })
    },
    waited: (controller, milliseconds) => waits.observe({ controller }, milliseconds / 1000),
  }
}
