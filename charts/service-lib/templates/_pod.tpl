{{/* The pod template, the same for Deployment and Rollout but for the label that tells their releases apart. */}}
{{- define "service-lib.podTemplate" -}}
metadata:
  labels:
    {{- include "service-lib.podLabels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with include "service-lib.podAnnotations" . | trim }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "service-lib.serviceAccountName" . | quote }}
  automountServiceAccountToken: false
  # A Service named redis would set REDIS_PORT in every pod.
  enableServiceLinks: false
  # The drain, the requests in flight, and 5 s to flush and exit before the kubelet kills.
  {{- $drain := include "service-lib.seconds" (dict "root" . "name" "DRAIN_DELAY_SEC" "default" 5) }}
  {{- $shutdown := include "service-lib.seconds" (dict "root" . "name" "SHUTDOWN_TIMEOUT_SEC" "default" 20) }}
  terminationGracePeriodSeconds: {{ add $drain $shutdown 5 }}
  securityContext:
    {{- include "service-lib.podSecurity" . | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . | quote }}
    {{- end }}
  {{- end }}
  {{- include "service-lib.scheduling" . | nindent 2 }}
  containers:
    - {{ include "service-lib.container" . | indent 6 | trim }}
  {{- include "service-lib.volumes" . | nindent 2 }}
{{- end }}

{{- define "service-lib.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.securityContext }}
{{- with .runAsUser }}
runAsUser: {{ int64 . }}
{{- end }}
{{- with .runAsGroup }}
runAsGroup: {{ int64 . }}
{{- end }}
{{- if and .fsGroup $.Values.volumes }}
# So that a volume can be written to.
fsGroup: {{ int64 .fsGroup }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Of the content alone: what else a ConfigMap carries (labels, the chart's version) is no reason to restart. */}}
{{- define "service-lib.podAnnotations" -}}
{{- if not .Values.config.existing }}
checksum/config: {{ toJson .Values.config.data | sha256sum }}
{{- end }}
{{- if .Values.secret.data }}
checksum/secret: {{ toJson .Values.secret.data | sha256sum }}
{{- end }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "service-lib.volumes" -}}
{{- if or .Values.faults.enabled .Values.volumes -}}
volumes:
  {{- if .Values.faults.enabled }}
  - name: faults
    configMap:
      name: {{ include "service-lib.fullname" . }}-faults
      defaultMode: 0644
  {{- end }}
  {{- with .Values.volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
{{- end }}
