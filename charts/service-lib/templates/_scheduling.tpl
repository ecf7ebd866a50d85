{{/* Where pods may run. */}}
{{- define "service-lib.scheduling" -}}
{{- with .Values.scheduling -}}
affinity:
  nodeAffinity:
    {{- include "service-lib.avoidControlPlane" . | nindent 4 }}
{{- with .spreadOver }}
# As even as it can be, but never at the price of a pod that does not start. Counted within one release of the pod
# template: the pods of the one that is leaving would only mislead.
topologySpreadConstraints:
  {{- range . }}
  - maxSkew: 1
    topologyKey: {{ . | quote }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "service-lib.selector" $ | nindent 8 }}
    matchLabelKeys:
      # Argo's label is its own.
      - {{ ternary "rollouts-pod-template-hash" "pod-template-hash" $.Values.rollout.enabled }}
  {{- end }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* Control-plane nodes are for the control plane; a cluster of one node has no other. */}}
{{- define "service-lib.avoidControlPlane" -}}
{{- if eq .avoidControlPlane "required" -}}
requiredDuringSchedulingIgnoredDuringExecution:
  nodeSelectorTerms:
    - matchExpressions:
        - key: node-role.kubernetes.io/control-plane
          operator: DoesNotExist
{{- else -}}
preferredDuringSchedulingIgnoredDuringExecution:
  - weight: 100
    preference:
      matchExpressions:
        - key: node-role.kubernetes.io/control-plane
          operator: DoesNotExist
{{- end -}}
{{- end }}
