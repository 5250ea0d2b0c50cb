{{- /* A Service and the beginning of the StatefulSet of one store. Takes a dict: context, component, port, user. */ -}}
{{- define "selfrag.store.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "selfrag.fullname" .context }}-{{ .component }}
  namespace: {{ .context.Release.Namespace }}
  labels:
    {{- include "selfrag.labels" (list .context .component) | nindent 4 }}
spec:
  selector:
    {{- include "selfrag.selector" (list .context .component) | nindent 4 }}
  ports:
    - name: {{ .component }}
      port: {{ .port }}
      targetPort: {{ .component }}
{{- end -}}

{{- define "selfrag.store.head" -}}
metadata:
  name: {{ include "selfrag.fullname" .context }}-{{ .component }}
  namespace: {{ .context.Release.Namespace }}
  labels:
    {{- include "selfrag.labels" (list .context .component) | nindent 4 }}
spec:
  serviceName: {{ include "selfrag.fullname" .context }}-{{ .component }}
  replicas: 1
  selector:
    matchLabels:
      {{- include "selfrag.selector" (list .context .component) | nindent 6 }}
{{- end -}}

{{- define "selfrag.store.pod" -}}
metadata:
  labels:
    {{- include "selfrag.selector" (list .context .component) | nindent 4 }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    {{- include "selfrag.podSecurity" .user | nindent 4 }}
    fsGroup: {{ .user }}
{{- end -}}

{{- /* Volume claims stay when the chart is uninstalled, as Kubernetes has it. */ -}}
{{- define "selfrag.store.claims" -}}
- metadata:
    name: data
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .className }}
    storageClassName: {{ . }}
    {{- end }}
    resources:
      requests:
        storage: {{ .size }}
{{- end -}}
