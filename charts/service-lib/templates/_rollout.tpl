{{/* Argo's Rollout: a canary in steps. */}}
{{- define "service-lib.rollout" -}}
{{ include "service-lib.workloadType" . }}
metadata:
  name: {{ include "service-lib.fullname" . }}
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
spec:
  {{- include "service-lib.workloadSpec" . | nindent 2 }}
  strategy:
    canary:
      maxSurge: 1
      maxUnavailable: 0
      {{- include "service-lib.canaryTraffic" . | nindent 6 }}
      canaryMetadata:
        labels:
          track: canary
      stableMetadata:
        labels:
          track: stable
      {{- with .Values.rollout.analysis }}
      analysis:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      steps:
        {{- toYaml .Values.rollout.steps | nindent 8 }}
  template:
    {{- include "service-lib.podTemplate" . | nindent 4 }}
{{- end }}

{{/* Without a router the stable Service is not named: Argo would take the canary's pods out of it, and no request would
     reach them. So it selects all pods, and they share the traffic by their number. */}}
{{- define "service-lib.canaryTraffic" -}}
{{- $name := include "service-lib.fullname" . -}}
canaryService: {{ $name }}-canary
{{- with include "service-lib.router" . }}
stableService: {{ $name }}
trafficRouting:
  {{- if eq . "nginx" }}
  nginx:
    stableIngress: {{ $name }}
  {{- else if eq . "traefik" }}
  traefik:
    weightedTraefikServiceName: {{ $name }}
  {{- else }}
  plugins:
    argoproj-labs/gatewayAPI:
      httpRoute: {{ $name }}
      namespace: {{ $.Release.Namespace | quote }}
  {{- end }}
{{- end }}
{{- end }}
