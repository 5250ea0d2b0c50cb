import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { type ObservedRequest } from '../runtime/observed-transport.ts'

export interface KubernetesMetrics {
  /** After each request to the API server. */
  readonly request: (request: ObservedRequest) => void
  /** When an informer has to begin anew. */
  readonly restarted: (kind: string, reason: string) => void
}

/** How one informer follows the API server. */
export interface MeasuredInformer {
  readonly kind: string
  readonly size: number
  /** Milliseconds since the API server was last heard of; null before the first time. */
  readonly silentFor: number | null
}

export function kubernetesMetrics(
  registers: Registry[],
  informers: () => readonly MeasuredInformer[],
): KubernetesMetrics {
  const requests = new Counter({
    name: 'selfrag_operator_kubernetes_requests_total',
    help: 'Requests to the API server by verb, resource and HTTP status; code none: no answer came.',
    labelNames: ['verb', 'resource', 'code'],
    registers,
  })
  const seconds = new Histogram({
    name: 'selfrag_operator_kubernetes_request_seconds',
    help: 'How long the API server took to begin its answer.',
    labelNames: ['verb', 'resource'],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 30],
    registers,
  })
  const restarts = new Counter({
    name: 'selfrag_operator_informer_restarts_total',
    help: 'Watches that had to begin anew: the version was too old (expired), or the connection or the server failed (error).',
    labelNames: ['kind', 'reason'],
    registers,
  })
  gaugeOfInformers(registers, informers)
  return {
    request: ({ verb, resource, code, seconds: taken }) => {
      requests.inc({ verb, resource, code })
      seconds.observe({ verb, resource }, taken)
    },
    restarted: (kind, reason) => restarts.inc({ kind, reason }),
  }
}

function gaugeOfInformers(registers: Registry[], informers: () => readonly MeasuredInformer[]): void {
  const labelNames = ['kind'] as const
  new Gauge({
    name: 'selfrag_operator_informer_objects',
    help: 'Objects in the cache.',
    labelNames,
    registers,
    collect() {
      for (const { kind, size } of informers()) this.set({ kind }, size)
    },
  })
  new Gauge({
    name: 'selfrag_operator_informer_silent_seconds',
    help: 'Since when nothing was heard of the API server about this kind; on a quiet one a sign of life comes about every minute.',
    labelNames,
    registers,
    collect() {
      for (const { kind, silentFor } of informers()) if (silentFor !== null) this.set({ kind }, silentFor / 1000)
    },
  })
}
