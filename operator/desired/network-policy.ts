import { namespaceOf } from '../../crds/pipeline-ref.ts'
import type { NetworkPeer } from '../../crds/network-policy.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { egressRules, type EgressRule, namespacePeer, type PolicyPort } from './egress-rules.ts'
import { selectorLabels } from './labels.ts'
import { objectMetadata } from './metadata.ts'
import { type Component, isJob, type JobComponent, names, PORT } from './names.ts'
import type { WorkloadContext } from './pod-template.ts'
import { specAddresses } from './spec-addresses.ts'

/** Not the client library's type, which spells `from` in its own way. */
export interface NetworkPolicy extends KubernetesObject {
  readonly spec: {
    readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly policyTypes: readonly ('Ingress' | 'Egress')[]
    readonly ingress?: readonly { readonly from: readonly NetworkPeer[]; readonly ports: readonly PolicyPort[] }[]
    readonly egress: readonly EgressRule[]
  }
}

/**
 * Fences the pods of one component; null when the spec does not ask for it. A kubelet's probes come in either way. Pods of
 * Jobs serve nobody and have to get out all the same: into a namespace that denies what nobody allows, no migration comes.
 */
export function networkPolicy(
  pipeline: RagPipeline,
  component: Component | JobComponent,
  { addresses }: Pick<WorkloadContext, 'addresses'>,
): NetworkPolicy | null {
  const { enabled, deriveEgress, egress } = pipeline.spec.networkPolicy
  if (!enabled || (component === 'backup' && !pipeline.spec.backup)) return null
  const reached = deriveEgress ? [...specAddresses(pipeline, component), ...addresses] : []
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: objectMetadata(pipeline, names.networkPolicy(pipeline, component), component),
    spec: {
      podSelector: { matchLabels: selectorLabels(pipeline, component) },
      policyTypes: ['Ingress', 'Egress'],
      ...(isJob(component)
        ? {}
        : { ingress: [{ from: peers(pipeline), ports: [{ protocol: 'TCP' as const, port: PORT }] }] }),
      egress: [...egressRules(reached, namespaceOf(pipeline)), ...egress],
    },
  }
}

/** Whoever may have a key of a tenant, and those whom the spec names. */
function peers(pipeline: RagPipeline): NetworkPeer[] {
  const { allowedTenantNamespaces, networkPolicy } = pipeline.spec
  const tenants = allowedTenantNamespaces.includes('*')
    ? [{ namespaceSelector: {} }]
    : [{ podSelector: {} }, ...[...allowedTenantNamespaces].sort().map(namespacePeer)]
  return [...tenants, ...networkPolicy.from]
}
