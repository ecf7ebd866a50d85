{{/* What Traefik weighs a canary by. An Ingress cannot name it, so an IngressRoute stands in the Ingress's place. */}}
{{- define "service-lib.traefik" -}}
{{- if eq (include "service-lib.router" .) "traefik" -}}
{{- $name := include "service-lib.fullname" . -}}
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata:
  name: {{ $name }}
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
spec:
  weighted:
    # The weights that Argo leaves behind when no canary is under way.
    services:
      - name: {{ $name }}
        port: {{ .Values.ports.service }}
        weight: 100
      - name: {{ $name }}-canary
        port: {{ .Values.ports.service }}
        weight: 0
{{- if .Values.ingress.enabled }}
---
{{ include "service-lib.ingressRoute" . }}
{{- end }}
{{- end }}
{{- end }}

{{/* It says what the Ingress would. */}}
{{- define "service-lib.ingressRoute" -}}
{{- with .Values.ingress -}}
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: {{ include "service-lib.fullname" $ }}
  labels:
    {{- include "service-lib.labels" $ | nindent 4 }}
  {{- if or .annotations .className }}
  annotations:
    {{- with .className }}
    kubernetes.io/ingress.class: {{ . | quote }}
    {{- end }}
    {{- with .annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
spec:
  routes:
    {{- range .hosts }}
    - kind: Rule
      match: {{ include "service-lib.traefikRule" (dict "host" . "ingress" $.Values.ingress) | quote }}
      {{- with index $.Values.ingress.annotations "traefik.ingress.kubernetes.io/router.middlewares" }}
      middlewares:
        {{- range splitList "," . }}
        - name: {{ trim . | quote }}
        {{- end }}
      {{- end }}
      services:
        - kind: TraefikService
          name: {{ include "service-lib.fullname" $ }}
    {{- end }}
  {{- with .tlsSecret }}
  tls:
    secretName: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Host and path of an Ingress in Traefik's language. A * stands for one label. */}}
{{- define "service-lib.traefikRule" -}}
{{- $path := .ingress.path -}}
{{- if hasPrefix "*." .host -}}
HostRegexp(`^[^.]+{{ .host | trimPrefix "*" | replace "." "\\." }}$`)
{{- else -}}
Host(`{{ .host }}`)
{{- end -}}
{{- if eq .ingress.pathType "Exact" }} && Path(`{{ $path }}`)
{{- else if ne $path "/" }} && (Path(`{{ trimSuffix "/" $path }}`) || PathPrefix(`{{ trimSuffix "/" $path }}/`))
{{- end -}}
{{- end }}
