{{- /* What pods are selected by; can never change, since a Deployment's selector is immutable. Takes (context, component). */ -}}
{{- define "selfrag.selector" -}}
app.kubernetes.io/name: {{ include "selfrag.name" (index . 0) }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "selfrag.labels" -}}
{{- $context := index . 0 -}}
{{ include "selfrag.selector" . }}
app.kubernetes.io/part-of: selfrag
app.kubernetes.io/version: {{ $context.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $context.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $context.Chart.Name $context.Chart.Version | replace "+" "_" }}
{{- end -}}
