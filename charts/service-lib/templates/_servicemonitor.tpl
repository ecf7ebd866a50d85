{{/* For a cluster without the fleet's own ServiceMonitor (monitoring/): one of the two is enough. */}}
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
  # A service has some hundred series; ten times that is an accident.
  sampleLimit: 10000
  endpoints:
    - port: metrics
      path: /metrics
      interval: {{ .interval }}
      relabelings:
        # The stable and the canary Service both select every pod while there is no canary: with equal labels the two
        # targets of a pod become one.
        - sourceLabels: [__meta_kubernetes_pod_label_app_kubernetes_io_name]
          targetLabel: service
        - sourceLabels: [__meta_kubernetes_pod_label_app_kubernetes_io_name]
          targetLabel: job
        - targetLabel: track
          replacement: stable
        - sourceLabels: [__meta_kubernetes_pod_label_track]
          regex: (.+)
          targetLabel: track
{{- end }}
{{- end }}
{{- end }}
