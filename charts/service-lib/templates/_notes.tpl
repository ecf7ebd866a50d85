{{/* What `helm install` says at the end. */}}
{{- define "service-lib.notes" -}}
{{- $name := include "service-lib.fullname" . -}}
{{ include "service-lib.name" . }} {{ include "service-lib.tag" . }} is service/{{ $name }} in {{ .Release.Namespace }}.

  helm test {{ .Release.Name }} --namespace {{ .Release.Namespace }}
  kubectl --namespace {{ .Release.Namespace }} port-forward service/{{ $name }} 8080:http
  curl -s http://127.0.0.1:8080/version
{{- range .Values.ingress.enabled | ternary .Values.ingress.hosts list }}

From outside: http{{ if $.Values.ingress.tlsSecret }}s{{ end }}://{{ . }}{{ $.Values.ingress.path }}
{{- end }}
{{- end }}
