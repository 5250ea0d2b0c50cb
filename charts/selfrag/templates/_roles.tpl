{{- /* A role and its binding to the operator. Takes a dict: context, kind (ClusterRole or Role), name, namespace, rules (name of a template). */ -}}
{{- define "selfrag.role" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "selfrag.labels" (list .context "operator") | nindent 4 }}
rules:
  {{- include .rules .context | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "selfrag.labels" (list .context "operator") | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "selfrag.serviceAccount" .context }}
    namespace: {{ .context.Release.Namespace }}
{{- end -}}
