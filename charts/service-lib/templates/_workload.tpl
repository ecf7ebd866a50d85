{{/* The Deployment, or the Rollout in its place: the same pods, replaced in another way. */}}
{{- define "service-lib.workload" -}}
{{- include (ternary "service-lib.rollout" "service-lib.deployment" .Values.rollout.enabled) . }}
{{- end }}

{{- define "service-lib.deployment" -}}
{{ include "service-lib.workloadType" . }}
metadata:
  name: {{ include "service-lib.fullname" . }}
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
spec:
  {{- include "service-lib.workloadSpec" . | nindent 2 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      # No replica less while it rolls.
      maxSurge: 1
      maxUnavailable: 0
  template:
    {{- include "service-lib.podTemplate" . | nindent 4 }}
{{- end }}

{{- define "service-lib.workloadSpec" -}}
{{- if not (or .Values.autoscaling.enabled (kindIs "invalid" .Values.replicas)) -}}
replicas: {{ .Values.replicas }}
{{ end -}}
# Enough to roll back twice.
revisionHistoryLimit: 3
# What Kubernetes gives by default (a node may have to be added first), on top of the delay that is asked for.
{{- $delay := include "service-lib.seconds" (dict "root" . "name" "READINESS_DELAY_SEC" "default" 0) }}
progressDeadlineSeconds: {{ add 600 $delay }}
selector:
  matchLabels:
    {{- include "service-lib.selector" . | nindent 4 }}
{{- end }}
