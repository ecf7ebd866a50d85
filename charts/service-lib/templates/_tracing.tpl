{{/* Whose spans they are, where they go, and which requests have them. Nothing without tracing.endpoint. */}}
{{- define "service-lib.tracingVariables" -}}
{{- with .Values.tracing -}}
{{- if .endpoint -}}
{{- range $name, $field := dict "POD_NAMESPACE" "metadata.namespace" "POD_NAME" "metadata.name" "NODE_NAME" "spec.nodeName" }}
- name: {{ $name }}
  valueFrom:
    fieldRef:
      apiVersion: v1
      fieldPath: {{ $field }}
{{- end }}
{{- $pod := list "service.namespace=$(POD_NAMESPACE)" "k8s.namespace.name=$(POD_NAMESPACE)" "k8s.pod.name=$(POD_NAME)" "k8s.node.name=$(NODE_NAME)" }}
{{- range $key, $value := .resourceAttributes }}{{ $pod = append $pod (printf "%s=%s" $key $value) }}{{ end }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: {{ join "," $pod | quote }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_TRACES_SAMPLER
  value: {{ .sampler }}
{{- if hasSuffix "traceidratio" .sampler }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ toJson .samplerArg | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The way to a collector that is a Service, of this namespace or of another: `name`, or `name.namespace` with what DNS may have
     behind it. A policy sees the port of its pods, which is taken to be that of the Service. */}}
{{- define "service-lib.policyTracing" -}}
{{- $authority := .Values.tracing.endpoint | trimPrefix "http://" | splitList "/" | first -}}
{{- $host := splitList ":" $authority | first -}}
{{- $labels := splitList "." $host -}}
{{- if regexMatch `^[a-z0-9-]+(\.[a-z0-9-]+(\.svc(\..+)?)?)?$` $host }}
- to:
    {{- if eq (len $labels) 1 }}
    - podSelector: {}
    {{- else }}
    {{- include "service-lib.policyNamespaces" (list (index $labels 1)) | trim | nindent 4 }}
    {{- end }}
  ports:
    - port: {{ regexFind `[0-9]+$` (trimPrefix $host $authority) | default 80 }}
      protocol: TCP
{{- end }}
{{- end }}
