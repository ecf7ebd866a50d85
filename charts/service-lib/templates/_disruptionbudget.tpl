{{/* Only where more than one replica is certain: for a single one any budget blocks a drain, or means nothing. */}}
{{- define "service-lib.disruptionbudget" -}}
{{- $certain := ternary .Values.autoscaling.minReplicas .Values.replicas .Values.autoscaling.enabled | int -}}
{{- if and .Values.podDisruptionBudget.enabled (gt $certain 1) -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "service-lib.fullname" . }}
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    {{- include "service-lib.podSelector" . | nindent 4 }}
  # A pod that is not ready serves nobody: it must not hold up a drain.
  unhealthyPodEvictionPolicy: AlwaysAllow
{{- end }}
{{- end }}
