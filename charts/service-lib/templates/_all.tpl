{{/* Everything that a service is made of, in the order in which it is applied. A part that is off renders nothing. */}}
{{- define "service-lib.all" -}}
{{- include "service-lib.checks" . -}}
{{- range list "serviceaccount" "configmap" "secret" "faults" "networkpolicy" "service" "workload" "autoscaler"
    "disruptionbudget" "ingress" "traefik" "httproute" "servicemonitor" "test" }}
{{- with include (printf "service-lib.%s" .) $ | trim }}
---
{{ . }}
{{- end }}
{{- end }}
{{- end }}
