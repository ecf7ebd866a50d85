{{/* `helm test`: the service's own binary asks the Service, as a client would; scratch has no curl. */}}
{{- define "service-lib.test" -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "service-lib.testName" . }}
  labels:
    {{- include "service-lib.testLabels" . | nindent 4 }}
  annotations:
    {{- include "service-lib.testHook" 1 | nindent 4 }}
spec:
  # Until helm's own timeout: a network plugin takes a moment to let a new pod through.
  restartPolicy: OnFailure
  serviceAccountName: {{ include "service-lib.serviceAccountName" . | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    {{- include "service-lib.podSecurity" . | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . | quote }}
    {{- end }}
  {{- end }}
  containers:
    - name: healthcheck
      image: {{ include "service-lib.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command:
        - /service
      args:
        - healthcheck
        - --url
        - http://{{ include "service-lib.fullname" . }}:{{ .Values.ports.service }}/healthz
      terminationMessagePath: /dev/termination-log
      terminationMessagePolicy: File
      # One request: it is gone within 2 s.
      resources:
        requests:
          cpu: 10m
          memory: 16Mi
        limits:
          memory: 32Mi
      {{- include "service-lib.containerSecurity" . | nindent 6 }}
{{- if .Values.networkPolicy.enabled }}
---
{{ include "service-lib.testPolicy" . }}
{{- end }}
{{- end }}

{{/* It goes and comes with the pod. */}}
{{- define "service-lib.testPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "service-lib.testName" . }}
  labels:
    {{- include "service-lib.testLabels" . | nindent 4 }}
  annotations:
    {{- include "service-lib.testHook" 0 | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "service-lib.testSelector" . | nindent 6 }}
  policyTypes:
    - Ingress
    - Egress
  egress:
    {{- include "service-lib.policyDNS" . | nindent 4 }}
    - to:
        - podSelector:
            {{- include "service-lib.podSelector" . | nindent 12 }}
      ports:
        - port: {{ .Values.ports.container }}
          protocol: TCP
{{- end }}

{{- define "service-lib.testHook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{- define "service-lib.testName" -}}
{{ include "service-lib.fullname" . }}-test
{{- end }}

{{/* Another name than the service's: its Service must not take this pod for a backend. */}}
{{- define "service-lib.testSelector" -}}
app.kubernetes.io/name: {{ include "service-lib.name" . }}-test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "service-lib.testLabels" -}}
{{ include "service-lib.testSelector" . }}
{{ include "service-lib.versionLabel" . }}
app.kubernetes.io/component: test
app.kubernetes.io/part-of: flotilla
{{ include "service-lib.chartLabels" . }}
{{- end }}
