import type { RagPipeline } from './rag-pipeline.ts'
import type { RagTenant } from './rag-tenant.ts'

/** In YAML files the namespace may be missing; there is only one then. */
export const DEFAULT_NAMESPACE = 'default'

export function namespaceOf(resource: RagPipeline | RagTenant): string {
  return resource.metadata.namespace ?? DEFAULT_NAMESPACE
}

/** Which pipeline a tenant points to. */
export function referencedPipeline(tenant: RagTenant): { readonly namespace: string; readonly name: string } {
  return { namespace: tenant.spec.pipelineRef.namespace ?? namespaceOf(tenant), name: tenant.spec.pipelineRef.name }
}

/** Whether the pipeline lets RagTenants of that namespace in: its own namespace always, others as it allows. */
export function admitsTenantsFrom(pipeline: RagPipeline, namespace: string): boolean {
  const allowed = pipeline.spec.allowedTenantNamespaces
  return namespace === namespaceOf(pipeline) || allowed.includes(namespace) || allowed.includes('*')
}
