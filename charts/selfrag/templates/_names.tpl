{{- define "selfrag.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- /* Beginning of the name of every object: the release's name, with the chart's unless it is in it already. */ -}}
{{- define "selfrag.fullname" -}}
{{- $name := include "selfrag.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "selfrag.operator" -}}
{{- include "selfrag.fullname" . }}-operator
{{- end -}}

{{- define "selfrag.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "selfrag.operator" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "selfrag.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- .Values.image.repository }}{{ ternary "@" ":" (hasPrefix "sha256:" $tag) }}{{ $tag -}}
{{- end -}}

{{- define "selfrag.apiImage" -}}
{{- .Values.apiImage | default (printf "selfrag-api:%s" .Chart.AppVersion) -}}
{{- end -}}

{{- define "selfrag.storesSecret" -}}
{{- .Values.stores.existingSecret | default (printf "%s-stores" (include "selfrag.fullname" .)) -}}
{{- end -}}
