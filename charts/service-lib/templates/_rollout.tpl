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
        {{- if .flotilla }}
        {{- include "service-lib.analysis" $ | nindent 8 }}
        {{- with omit . "flotilla" "templates" "args" }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- else }}
        {{- omit . "flotilla" | toYaml | nindent 8 }}
        {{- end }}
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

{{/* Every question of gitops/rollouts that a service can be asked alone, and what the values add to them. */}}
{{- define "service-lib.analysis" -}}
templates:
  {{- range list "success-rate" "latency" "by-route" "memory" "restarts" "readiness" "web" }}
  - templateName: flotilla-{{ . }}
    clusterScope: true
  {{- end }}
  {{- with .Values.rollout.analysis.templates }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
args:
  - name: service
    value: {{ include "service-lib.name" . | quote }}
  - name: namespace
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
  - name: canary-hash
    valueFrom:
      podTemplateHashValue: Latest
  - name: canary-service
    value: {{ include "service-lib.fullname" . }}-canary
  - name: port
    value: {{ .Values.ports.service | quote }}
  {{- with .Values.web }}
  - name: path
    value: {{ .path | quote }}
  - name: field
    value: {{ .field | quote }}
  - name: expected
    value: {{ .expected | quote }}
  {{- end }}
  {{- with .Values.rollout.analysis.args }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
