import { Gauge, type Registry } from 'prom-client'
import { type Condition } from '../runtime/conditions.ts'

/** A RagPipeline or a RagTenant, as far as metrics tell of it. */
export interface MeasuredResource {
  readonly kind: string
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly status?: { readonly conditions?: readonly Pick<Condition, 'type' | 'status'>[] | undefined } | undefined
}

/** Made anew at each scrape, so that a resource that is gone is gone here too. */
export function resourceMetrics(registers: Registry[], resources: () => readonly MeasuredResource[]): void {
  new Gauge({
    name: 'selfrag_operator_resources',
    help: 'RagPipelines and RagTenants by the status of their condition Ready.',
    labelNames: ['kind', 'ready'],
    registers,
    collect() {
      this.reset()
      for (const resource of resources()) this.inc({ kind: resource.kind, ready: readinessOf(resource) })
    },
  })
  new Gauge({
    name: 'selfrag_operator_condition',
    help: 'Always 1, with the status that each condition of each resource has now. Ready is Unknown until it is reconciled.',
    labelNames: ['kind', 'namespace', 'name', 'condition', 'status'],
    registers,
    collect() {
      this.reset()
      for (const resource of resources()) {
        const { kind, metadata } = resource
        const labels = { kind, namespace: metadata.namespace, name: metadata.name }
        for (const { type, status } of conditionsOf(resource)) this.set({ ...labels, condition: type, status }, 1)
      }
    },
  })
}

function conditionsOf(resource: MeasuredResource): readonly Pick<Condition, 'type' | 'status'>[] {
  const conditions = resource.status?.conditions ?? []
  if (conditions.some(({ type }) => type === 'Ready')) return conditions
  return [{ type: 'Ready', status: 'Unknown' }, ...conditions]
}

function readinessOf({ status }: MeasuredResource): string {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown'
}
