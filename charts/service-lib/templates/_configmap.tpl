{{/* Variables that are no secret. */}}
{{- define "service-lib.configmap" -}}
{{- if not .Values.config.existing -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "service-lib.configName" . | quote }}
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
data:
  {{- range $name, $value := .Values.config.data }}
  {{ $name }}: {{ include "service-lib.variable" $value | quote }}
  {{- end }}
{{- end }}
{{- end }}
