{{/* The one container. Pod Security "restricted" in full, and a file system that nothing can be written to. */}}
{{- define "service-lib.container" -}}
name: {{ include "service-lib.name" . | quote }}
image: {{ include "service-lib.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
ports:
  - name: http
    containerPort: {{ .Values.ports.container }}
    protocol: TCP
  - name: metrics
    containerPort: 4040
    protocol: TCP
envFrom:
  - configMapRef:
      name: {{ include "service-lib.configName" . | quote }}
  {{- if .Values.secret.data }}
  - secretRef:
      name: {{ include "service-lib.fullname" . }}
  {{- end }}
  {{- range .Values.secret.existing }}
  - secretRef:
      name: {{ . | quote }}
  {{- end }}
{{- if or .Values.faults.enabled .Values.env .Values.tracing.endpoint }}
env:
  {{- if .Values.faults.enabled }}
  - name: FAULTS_FILE
    value: /etc/flotilla/faults/faults.yaml
  {{- end }}
  {{- with .Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- /* After those of the user, which the endpoint may name: $(HOST_IP). */}}
  {{- with include "service-lib.tracingVariables" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- if or .Values.faults.enabled .Values.volumeMounts }}
volumeMounts:
  {{- if .Values.faults.enabled }}
  # The directory, never a subPath: a file that is mounted so never changes.
  - name: faults
    mountPath: /etc/flotilla/faults
    readOnly: true
  {{- end }}
  {{- with .Values.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{ include "service-lib.probes" . }}
terminationMessagePath: /dev/termination-log
terminationMessagePolicy: File
{{ include "service-lib.containerSecurity" . }}
{{- end }}

{{/* User and group are those of the pod. */}}
{{- define "service-lib.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop:
      - ALL
  privileged: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
{{- end }}
