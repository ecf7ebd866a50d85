{{/* Fault rules. They are no part of any checksum: the service reads them again by itself, and a restart would end
     the very situation that a rule is there to show. */}}
{{- define "service-lib.faults" -}}
{{- if .Values.faults.enabled -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "service-lib.fullname" . }}-faults
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
data:
  faults.yaml: |
    rules: {{- if .Values.faults.rules }}{{ toYaml .Values.faults.rules | nindent 6 }}{{ else }} []{{ end }}
{{- end }}
{{- end }}
