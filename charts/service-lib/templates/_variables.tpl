{{/* The text of a variable. Numbers go through JSON: Go would print a million as 1e+06, which no service takes for a
     number of bytes. */}}
{{- define "service-lib.variable" -}}
{{- ternary . (toJson .) (kindIs "string" .) -}}
{{- end }}

{{/* A variable that stands for seconds, rounded up; `name` and `default` are those of the service kit. Empty counts as
     unset. What an existing ConfigMap holds cannot be seen from here, so data speaks for it. */}}
{{- define "service-lib.seconds" -}}
{{- $value := get (merge (dict) .root.Values.secret.data .root.Values.config.data) .name | toString -}}
{{- if not (and (regexMatch `^([0-9]{1,5}(\.[0-9]+)?)?$` $value) (le (float64 $value) 86400.0)) -}}
{{- printf "%s is %q, and must be a number of seconds from 0 to 86400, such as 5 or 0.5." .name $value | fail -}}
{{- end -}}
{{- ternary .default $value (eq $value "") | float64 | ceil | int64 -}}
{{- end }}
