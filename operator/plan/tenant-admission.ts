import { admitsTenantsFrom, referencedPipeline } from '../../crds/pipeline-ref.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { objectKey } from '../runtime/kubernetes-object.ts'

/** Why a tenant is not provisioned at all, for now or for good. */
export interface Refusal {
  readonly reason: 'PipelineNotFound' | 'NamespaceNotAllowed' | 'PipelineDeleting' | 'PipelineSuspended' | 'Conflict'
  readonly message: string
}

/**
 * Whether a tenant may be provisioned on its pipeline. Of two RagTenants for one slug on one pipeline (they are in
 * different namespaces) the older one has it. Pure.
 * @param tenants all there are
 */
export function admission(tenant: Tenant, pipeline: Pipeline | null, tenants: readonly Tenant[]): Refusal | null {
  const reference = objectKey(referencedPipeline(tenant))
  if (!pipeline)
    return { reason: 'PipelineNotFound', message: `RagPipeline ${reference} does not exist; create it, or delete this RagTenant and make one with another pipelineRef` } // prettier-ignore
  if (!admitsTenantsFrom(pipeline, tenant.metadata.namespace))
    return { reason: 'NamespaceNotAllowed', message: `RagPipeline ${reference} takes no tenants from namespace ${tenant.metadata.namespace}; add it to its allowedTenantNamespaces` } // prettier-ignore
  if (pipeline.metadata.deletionTimestamp)
    return {
      reason: 'PipelineDeleting',
      message: `RagPipeline ${reference} is being deleted; delete this RagTenant too`,
    }
  const twin = olderTwin(tenant, tenants)
  if (twin)
    return { reason: 'Conflict', message: `RagTenant ${objectKey(twin.metadata)} is older and has the tenant ${tenant.metadata.name} of RagPipeline ${reference}; give this one another name, or delete that one` } // prettier-ignore
  if (pipeline.spec.suspend)
    return { reason: 'PipelineSuspended', message: `RagPipeline ${reference} is suspended; changes wait until its spec.suspend is false again` } // prettier-ignore
  return null
}

/** Tenants that would own the same schema. */
export function areTwins(a: Tenant, b: Tenant): boolean {
  const same = a.metadata.name === b.metadata.name && a.metadata.uid !== b.metadata.uid
  return same && objectKey(referencedPipeline(a)) === objectKey(referencedPipeline(b))
}

function olderTwin(tenant: Tenant, tenants: readonly Tenant[]): Tenant | undefined {
  return tenants.find(other => areTwins(tenant, other) && isOlder(other, tenant))
}

/** Creation times have whole seconds; the uid decides between equal ones, the same way for both. */
function isOlder(a: Tenant, b: Tenant): boolean {
  const [one, other] = [a.metadata, b.metadata]
  if (one.creationTimestamp !== other.creationTimestamp) return one.creationTimestamp < other.creationTimestamp
  return one.uid < other.uid
}
