{{/* The Service, and for a Rollout a second one, which Argo points at the canary's pods alone. */}}
{{- define "service-lib.service" -}}
{{- if .Values.service.create -}}
{{- include "service-lib.oneService" (dict "root" . "suffix" "") }}
{{- if .Values.rollout.enabled }}
---
{{ include "service-lib.oneService" (dict "root" . "suffix" "-canary") }}
{{- end }}
{{- end }}
{{- end }}

{{- define "service-lib.oneService" -}}
{{- with .root -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "service-lib.fullname" . }}{{ $.suffix }}
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
  {{- with .Values.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ ternary .Values.service.type "ClusterIP" (empty $.suffix) }}
  {{- with .Values.service.ipFamilyPolicy }}
  ipFamilyPolicy: {{ . }}
  {{- end }}
  {{- with .Values.service.ipFamilies }}
  ipFamilies:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  selector:
    {{- include "service-lib.selector" . | nindent 4 }}
  ports:
    - name: http
      port: {{ .Values.ports.service }}
      targetPort: http
      protocol: TCP
      appProtocol: http
    - name: metrics
      port: 4040
      targetPort: metrics
      protocol: TCP
      appProtocol: http
{{- end }}
{{- end }}
