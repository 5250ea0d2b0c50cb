/** One grant of the operator, and why it needs it. The roles in config/rbac and in the chart are generated from these tables. */
export interface Grant {
  readonly groups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
  readonly why: string
}

const watched = ['get', 'list', 'watch'] as const
/** Server-side apply is a patch, and needs `create` for what is not there yet. */
const applied = [...watched, 'create', 'patch'] as const
const appliedAndRemoved = [...applied, 'delete'] as const

/** In every namespace that is watched. */
export const watchedGrants: readonly Grant[] = [
  {
    groups: ['selfrag.io'],
    resources: ['ragpipelines', 'ragtenants'],
    verbs: [...watched, 'patch'],
    why: 'reads what is wanted; writes finalizers',
  },
  {
    groups: ['selfrag.io'],
    resources: ['ragpipelines/status', 'ragtenants/status'],
    verbs: ['patch'],
    why: 'tells what it found and did',
  },
  {
    groups: ['selfrag.io'],
    resources: ['ragpipelines/finalizers', 'ragtenants/finalizers'],
    verbs: ['update'],
    why: 'owner references that block deletion are checked against this where OwnerReferencesPermissionEnforcement is on',
  },
  {
    groups: ['apps'],
    resources: ['deployments'],
    verbs: applied,
    why: 'runs API and worker; deleted by their owner reference, never by the operator',
  },
  {
    groups: ['batch'],
    resources: ['jobs'],
    verbs: [...watched, 'create', 'delete'],
    why: 'has an image migrate the database before pods run it; removes the Jobs of attempts before',
  },
  {
    groups: ['batch'],
    resources: ['cronjobs'],
    verbs: appliedAndRemoved,
    why: 'spec.backup; removes its own when that field goes',
  },
  {
    groups: [''],
    resources: ['pods'],
    verbs: ['list'],
    why: 'tells in a condition why a Job failed or cannot start',
  },
  {
    groups: [''],
    resources: ['configmaps', 'serviceaccounts'],
    verbs: applied,
    why: 'what API and worker need; deleted by their owner reference',
  },
  {
    groups: [''],
    resources: ['services'],
    verbs: appliedAndRemoved,
    why: 'how API and worker are reached; removes its own that the spec no longer asks for',
  },
  {
    groups: ['autoscaling'],
    resources: ['horizontalpodautoscalers'],
    verbs: appliedAndRemoved,
    why: 'spec.api.autoscaling; removes its own when that field goes',
  },
  {
    groups: ['networking.k8s.io'],
    resources: ['networkpolicies', 'ingresses'],
    verbs: appliedAndRemoved,
    why: 'spec.networkPolicy and spec.ingress; removes its own when those fields go',
  },
  {
    groups: ['monitoring.coreos.com'],
    resources: ['servicemonitors', 'prometheusrules'],
    verbs: appliedAndRemoved,
    why: 'spec.monitoring, where the Prometheus operator is installed; removes its own when those fields go',
  },
  {
    groups: ['policy'],
    resources: ['poddisruptionbudgets'],
    verbs: applied,
    why: 'lets a drain take one pod at a time; deleted by their owner reference',
  },
  {
    groups: [''],
    resources: ['secrets'],
    verbs: appliedAndRemoved,
    why: 'reads the references of resources and notices changes; writes API keys and admin tokens, removes keys that are no longer declared', // prettier-ignore
  },
  {
    groups: ['events.k8s.io'],
    resources: ['events'],
    verbs: ['create', 'patch'],
    why: 'tells people what happened, in `kubectl describe`',
  },
]

/** On what belongs to no namespace. */
export const clusterScopedGrants: readonly Grant[] = [
  {
    groups: [''],
    resources: ['namespaces'],
    resourceNames: ['kube-system'],
    verbs: ['get'],
    why: 'its uid identifies the cluster in ownership markers',
  },
]

/** In the operator's own namespace. */
export const ownNamespaceGrants: readonly Grant[] = [
  {
    groups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'create', 'update'],
    why: 'one of several operator replicas leads',
  },
]
