{{/* What a schema cannot say: values that are sound one by one and wrong together. */}}
{{- define "service-lib.checks" -}}
{{- with .Values -}}
{{- if and .autoscaling.enabled (gt (int .autoscaling.minReplicas) (int .autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas is greater than autoscaling.maxReplicas." -}}
{{- end -}}
{{- if and .ingress.enabled (empty .ingress.hosts) -}}
{{- fail "ingress.enabled needs at least one of ingress.hosts." -}}
{{- end -}}
{{- if and .httpRoute.enabled (empty .httpRoute.parentRefs) -}}
{{- fail "httpRoute.enabled needs at least one of httpRoute.parentRefs." -}}
{{- end -}}
{{- if and (eq (include "service-lib.router" $) "nginx") (not .ingress.enabled) -}}
{{- fail "rollout.trafficRouter nginx needs ingress.enabled." -}}
{{- end -}}
{{- if and (eq (include "service-lib.router" $) "gatewayAPI") (not .httpRoute.enabled) -}}
{{- fail "rollout.trafficRouter gatewayAPI needs httpRoute.enabled." -}}
{{- end -}}
{{- if and .rollout.enabled (not .service.create) -}}
{{- fail "rollout.enabled needs service.create: Argo points the Services at its pods." -}}
{{- end -}}
{{- if and .serviceMonitor.enabled (not .service.create) -}}
{{- fail "serviceMonitor.enabled needs service.create: it finds the pods by their Service." -}}
{{- end -}}
{{- if and .autoscaling.enabled (not .resources.requests.cpu) -}}
{{- fail "autoscaling.enabled needs resources.requests.cpu, of which it measures percents." -}}
{{- end -}}
{{- if and .image.digest (not .image.tag) -}}
{{- fail "image.digest needs image.tag, which names the version." -}}
{{- end -}}
{{- if and .image.digest (contains "@" .image.tag) -}}
{{- fail "image.tag has a digest behind it, so image.digest must be empty." -}}
{{- end -}}
{{- if eq (int .ports.service) 4040 -}}
{{- fail "ports.service cannot be 4040, which is the metrics port of the Service." -}}
{{- end -}}
{{- end -}}
{{- include "service-lib.checkNames" . -}}
{{- include "service-lib.checkReserved" . -}}
{{- end }}

{{/* A Service's name is a label of DNS, and one that starts with a letter. The longest suffix is -canary. */}}
{{- define "service-lib.checkNames" -}}
{{- $name := include "service-lib.fullname" . -}}
{{- if not (and (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) (le (len $name) 56)) -}}
{{- printf "No Service can be named %q: a release name has letters, digits and -, a letter first." $name | fail -}}
{{- end -}}
{{- end }}

{{/* What the chart computes with, or says itself. */}}
{{- define "service-lib.checkReserved" -}}
{{- range .Values.env -}}
{{- if has .name (list "DRAIN_DELAY_SEC" "SHUTDOWN_TIMEOUT_SEC" "READINESS_DELAY_SEC") -}}
{{- printf "env cannot set %s: config.data can, from which the chart computes the grace period." .name | fail -}}
{{- end -}}
{{- if has .name (list "HTTP_ADDR" "MANAGEMENT_ADDR" "FAULTS_FILE") -}}
{{- printf "env cannot set %s: the chart relies on it." .name | fail -}}
{{- end -}}
{{- if has .name (list "OTEL_EXPORTER_OTLP_ENDPOINT" "OTEL_TRACES_SAMPLER" "OTEL_TRACES_SAMPLER_ARG" "OTEL_RESOURCE_ATTRIBUTES") -}}
{{- printf "env cannot set %s: the chart does, by what tracing says." .name | fail -}}
{{- end -}}
{{- if and $.Values.tracing.endpoint (has .name (list "POD_NAME" "POD_NAMESPACE" "NODE_NAME")) -}}
{{- printf "env cannot set %s beside tracing.endpoint: the chart does." .name | fail -}}
{{- end -}}
{{- end -}}
{{- range $key, $_ := .Values.podLabels -}}
{{- if or (hasPrefix "app.kubernetes.io/" $key) (eq $key "track") -}}
{{- printf "podLabels cannot set %s: it is the chart's own." $key | fail -}}
{{- end -}}
{{- end -}}
{{- range $key, $_ := .Values.podAnnotations -}}
{{- if hasPrefix "checksum/" $key -}}
{{- printf "podAnnotations cannot set %s: it is the chart's own." $key | fail -}}
{{- end -}}
{{- end -}}
{{- end }}
