{{/* From outside the cluster, by host; _traefik.tpl has what stands in its place for Traefik's canary. */}}
{{- define "service-lib.ingress" -}}
{{- with .Values.ingress -}}
{{- if and .enabled (ne (include "service-lib.router" $) "traefik") -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "service-lib.fullname" $ }}
  labels:
    {{- include "service-lib.labels" $ | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .className }}
  ingressClassName: {{ . | quote }}
  {{- end }}
  {{- with .tlsSecret }}
  tls:
    - hosts:
        {{- toYaml $.Values.ingress.hosts | nindent 8 }}
      secretName: {{ . | quote }}
  {{- end }}
  rules:
    {{- range .hosts }}
    - host: {{ . | quote }}
      http:
        paths:
          - path: {{ $.Values.ingress.path | quote }}
            pathType: {{ $.Values.ingress.pathType }}
            backend:
              service:
                name: {{ include "service-lib.fullname" $ }}
                port:
                  name: http
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
