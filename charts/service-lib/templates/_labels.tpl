{{/* What never changes in the life of a workload, for it cannot be changed: no version in here. */}}
{{- define "service-lib.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
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
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* A tag may be longer than a label. */}}
{{- define "service-lib.versionLabel" -}}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | trimAll "-_." | quote }}
{{- end }}
