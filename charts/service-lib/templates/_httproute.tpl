{{/* The same through the Gateway API. What the API server would add is there already: Argo CD compares lists as a
     whole, and would show the difference for ever. */}}
{{- define "service-lib.httproute" -}}
{{- if .Values.httpRoute.enabled -}}
{{- $route := deepCopy .Values.httpRoute -}}
{{- include "service-lib.routeDefaults" $route -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ include "service-lib.fullname" . }}
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
spec:
  parentRefs:
    {{- toYaml $route.parentRefs | nindent 4 }}
  {{- with $route.hostnames }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - matches:
        {{- toYaml $route.matches | nindent 8 }}
      {{- with $route.filters }}
      filters:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- include "service-lib.backends" . | trim | nindent 6 }}
      {{- with $route.timeouts }}
      timeouts:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
{{- end }}

{{/* For the plugin both Services, and the weights that it leaves behind when no canary is under way. A route that
     redirects may have none. */}}
{{- define "service-lib.backends" -}}
{{- $weighed := eq (include "service-lib.router" .) "gatewayAPI" -}}
{{- $redirects := false -}}
{{- range .Values.httpRoute.filters }}{{ if eq .type "RequestRedirect" }}{{ $redirects = true }}{{ end }}{{ end -}}
{{- if not $redirects -}}
backendRefs:
  - group: ""
    kind: Service
    name: {{ include "service-lib.fullname" . }}
    port: {{ .Values.ports.service }}
    weight: {{ ternary 100 1 $weighed }}
  {{- if $weighed }}
  - group: ""
    kind: Service
    name: {{ include "service-lib.fullname" . }}-canary
    port: {{ .Values.ports.service }}
    weight: 0
  {{- end }}
{{- end }}
{{- end }}

{{/* Adds the API's defaults to a copy of httpRoute. */}}
{{- define "service-lib.routeDefaults" -}}
{{- range .parentRefs -}}
{{- include "service-lib.fill" (list . (dict "group" "gateway.networking.k8s.io" "kind" "Gateway")) -}}
{{- end -}}
{{- if not .matches }}{{ $_ := set . "matches" (list dict) }}{{ end -}}
{{- range .matches -}}
{{- include "service-lib.fill" (list . (dict "path" dict)) -}}
{{- include "service-lib.fill" (list .path (dict "type" "PathPrefix" "value" "/")) -}}
{{- range concat (.headers | default list) (.queryParams | default list) -}}
{{- include "service-lib.fill" (list . (dict "type" "Exact")) -}}
{{- end -}}
{{- end -}}
{{- range .filters -}}
{{- with .requestRedirect }}{{ include "service-lib.fill" (list . (dict "statusCode" 302)) }}{{ end -}}
{{- with .cors }}{{ include "service-lib.fill" (list . (dict "maxAge" 5)) }}{{ end -}}
{{- range compact (list .requestMirror .externalAuth) -}}
{{- with .backendRef }}{{ include "service-lib.fill" (list . (dict "group" "" "kind" "Service")) }}{{ end -}}
{{- with .fraction }}{{ include "service-lib.fill" (list . (dict "denominator" 100)) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Adds to the first dictionary what only the second has. Not `merge`, for which "" is nothing: to this API it is a
     group. */}}
{{- define "service-lib.fill" -}}
{{- $given := first . -}}
{{- range $key, $value := last . }}{{ if not (hasKey $given $key) }}{{ $_ := set $given $key $value }}{{ end }}{{ end -}}
{{- end }}
