{{/* For a cluster without the fleet's own ServiceMonitor: one of the two is enough. monitoring/scrape says why each
     line is as it is. */}}
{{- define "service-lib.servicemonitor" -}}
{{- with .Values.serviceMonitor -}}
{{- if .enabled -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "service-lib.fullname" $ }}
  labels:
    {{- include "service-lib.labels" $ | nindent 4 }}
    {{- with .labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      {{- include "service-lib.selector" $ | nindent 6 }}
  sampleLimit: 10000
  endpoints:
    - port: metrics
      path: /metrics
      interval: {{ .interval }}
      scrapeTimeout: 5s
      honorLabels: false
      relabelings:
        - sourceLabels: [__meta_kubernetes_pod_label_app_kubernetes_io_name]
          regex: (.+?)(-primary)?
          targetLabel: service
          action: replace
        - sourceLabels: [__meta_kubernetes_pod_label_app_kubernetes_io_name]
          regex: (.+?)(-primary)?
          targetLabel: job
          action: replace
        - targetLabel: track
          replacement: stable
          action: replace
        - sourceLabels: [__meta_kubernetes_pod_label_track]
          regex: (stable|canary)
          targetLabel: track
          action: replace
{{- end }}
{{- end }}
{{- end }}
