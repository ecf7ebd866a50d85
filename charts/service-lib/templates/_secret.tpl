{{/* Variables that are secret. */}}
{{- define "service-lib.secret" -}}
{{- if .Values.secret.data -}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ include "service-lib.fullname" . }}
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
type: Opaque
# Not stringData: a variable that is taken out of it would stay in the cluster.
data:
  {{- range $name, $value := .Values.secret.data }}
  {{ $name }}: {{ include "service-lib.variable" $value | b64enc | quote }}
  {{- end }}
{{- end }}
{{- end }}
