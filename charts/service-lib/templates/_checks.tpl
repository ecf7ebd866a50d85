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
{{- if and .rollout.enabled (eq .rollout.trafficRouter "nginx") (not .ingress.enabled) -}}
{{- fail "rollout.trafficRouter nginx needs ingress.enabled." -}}
{{- end -}}
{{- end -}}
{{- end }}
