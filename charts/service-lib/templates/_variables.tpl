{{/* The text of a variable. Numbers go through JSON: Go would print a million as 1e+06, which no service takes for a number
     of bytes. */}}
{{- define "service-lib.variable" -}}
{{- ternary . (toJson .) (kindIs "string" .) -}}
{{- end }}

{{/* A variable that stands for seconds, rounded up; `name` and `default` of the service kit. Empty counts as unset. */}}
{{- define "service-lib.seconds" -}}
{{- $given := merge (dict) .root.Values.secret.data (ternary (dict) .root.Values.config.data (not (empty .root.Values.config.existing))) -}}
{{- $value := get $given .name | toString -}}
{{- ternary .default $value (eq $value "") | float64 | ceil | int64 -}}
{{- end }}
