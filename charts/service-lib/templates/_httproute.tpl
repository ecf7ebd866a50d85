{{/* The same through the Gateway API. */}}
{{- define "service-lib.httproute" -}}
{{- with .Values.httpRoute -}}
{{- if .enabled -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ include "service-lib.fullname" $ }}
  labels:
    {{- include "service-lib.labels" $ | nindent 4 }}
spec:
  parentRefs:
    {{- toYaml .parentRefs | nindent 4 }}
  {{- with .hostnames }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - matches:
        - path:
            type: PathPrefix
            value: /
      backendRefs:
        - name: {{ include "service-lib.fullname" $ }}
          port: {{ $.Values.ports.service }}
{{- end }}
{{- end }}
{{- end }}
