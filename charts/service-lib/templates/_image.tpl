{{/* The image: a digest names it exactly, so it goes before the tag. */}}
{{- define "service-lib.image" -}}
{{- with .Values.image -}}
{{- with .registry }}{{ . }}/{{ end -}}
{{- .repository -}}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ include "service-lib.tag" $ }}{{ end -}}
{{- end -}}
{{- end }}

{{/* The tag, with its digest if it was given one. The + of a version is no part of a tag. */}}
{{- define "service-lib.tag" -}}
{{- .Values.image.tag | default .Chart.AppVersion | replace "+" "_" -}}
{{- end }}
