{{- /* Generated from operator/rbac.ts by `npm run generate`; do not edit. */ -}}
{{- define "selfrag.watchedRules" -}}
# reads what is wanted; writes finalizers
- apiGroups: [selfrag.io]
  resources: [ragpipelines, ragtenants]
  verbs: [get, list, watch, patch]
# tells what it found and did
- apiGroups: [selfrag.io]
  resources: [ragpipelines/status, ragtenants/status]
  verbs: [patch]
# owner references that block deletion are checked against this where OwnerReferencesPermissionEnforcement is on
- apiGroups: [selfrag.io]
  resources: [ragpipelines/finalizers, ragtenants/finalizers]
  verbs: [update]
# runs API and worker; deleted by their owner reference, never by the operator
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch]
# has an image migrate the database before pods run it; removes the Jobs of attempts before
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
# spec.backup; removes its own when that field goes
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [get, list, watch, create, patch, delete]
# tells in a condition why a Job failed or cannot start
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
# what API and worker need; deleted by their owner reference
- apiGroups: [""]
  resources: [configmaps, serviceaccounts]
  verbs: [get, list, watch, create, patch]
# how API and worker are reached; removes its own that the spec no longer asks for
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, patch, delete]
# spec.api.autoscaling; removes its own when that field goes
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
# spec.networkPolicy and spec.ingress; removes its own when those fields go
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies, ingresses]
  verbs: [get, list, watch, create, patch, delete]
# spec.monitoring, where the Prometheus operator is installed; removes its own when those fields go
- apiGroups: [monitoring.coreos.com]
  resources: [servicemonitors, prometheusrules]
  verbs: [get, list, watch, create, patch, delete]
# lets a drain take one pod at a time; deleted by their owner reference
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch]
# reads the references of resources and notices changes; writes API keys and admin tokens, removes keys that are no longer declared
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch, delete]
# tells people what happened, in `kubectl describe`
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{- define "selfrag.clusterScopedRules" -}}
# its uid identifies the cluster in ownership markers
- apiGroups: [""]
  resources: [namespaces]
  resourceNames: [kube-system]
  verbs: [get]
{{- end -}}

{{- define "selfrag.ownNamespaceRules" -}}
# one of several operator replicas leads
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, create, update]
{{- end -}}
