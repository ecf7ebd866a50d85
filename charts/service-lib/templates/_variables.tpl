{{/* The text of a variable. Numbers go through JSON: Go would print a million as 1e+06, which no service takes for a
     number of bytes. */}}
{{- define "service-lib.variable" -}}
{{- ternary . (toJson .) (kindIs "string" .) -}}
{{- end }}

{{/* A variable that stands for seconds, rounded up; `name` and `default` are those of the service kit. Empty counts as
     unset, and what an existing ConfigMap holds cannot be seen from here. */}}
{{- define "service-lib.seconds" -}}
{{- $config := ternary .root.Values.config.data (dict) (empty .root.Values.config.existing) -}}
{{- $value := get (merge (dict) .root.Values.secret.data $config) .name | toString -}}
{{- ternary .default $value (eq $value "") | float64 | ceil | int64 -}}
{{- end }}
