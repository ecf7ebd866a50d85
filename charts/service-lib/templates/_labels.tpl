{{/* What never changes in the life of a workload, for it cannot be changed: no version in here. */}}
{{- define "service-lib.selector" -}}
app.kubernetes.io/name: {{ include "service-lib.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Selects the pods of one release, for what is about pods and not about a workload. */}}
{{- define "service-lib.podSelector" -}}
matchLabels:
  app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{ include "service-lib.podsOf" (include "service-lib.name" .) }}
{{- end }}

{{/* Selects the pods of a service by its name. Flagger calls the copy that serves the traffic NAME-primary, in this
     label too. */}}
{{- define "service-lib.podsOf" -}}
matchExpressions:
  - key: app.kubernetes.io/name
    operator: In
    values:
      - {{ . | quote }}
      - {{ printf "%s-primary" . | quote }}
{{- end }}

{{/* Labels of a pod. Nothing in here changes with the chart's own version, which is no reason to restart. */}}
{{- define "service-lib.podLabels" -}}
{{ include "service-lib.selector" . }}
{{ include "service-lib.versionLabel" . }}
app.kubernetes.io/component: service
app.kubernetes.io/part-of: flotilla
{{- end }}

{{/* Labels of every other object. */}}
{{- define "service-lib.labels" -}}
{{ include "service-lib.podLabels" . }}
{{ include "service-lib.chartLabels" . }}
{{- end }}

{{- define "service-lib.chartLabels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | include "service-lib.labelValue" }}
{{- end }}

{{/* The tag without its digest. */}}
{{- define "service-lib.versionLabel" -}}
app.kubernetes.io/version: {{ include "service-lib.tag" . | splitList "@" | first | include "service-lib.labelValue" | quote }}
{{- end }}

{{/* A tag, or a version, may be longer than a label, and hold and end with what a label may not. */}}
{{- define "service-lib.labelValue" -}}
{{- . | replace "+" "_" | trunc 63 | trimAll "-_." -}}
{{- end }}
