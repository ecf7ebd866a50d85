{{/* The chart's, or what a parent chart calls it (`alias`), as Kubernetes writes names. */}}
{{- define "service-lib.name" -}}
{{- .Chart.Name | lower | replace "_" "-" -}}
{{- end }}

{{/* The name of every object: the release's when it contains the chart's, so that `hello` stays `hello`. The canary's
     suffix must still fit into the 63 characters of a Service's name. */}}
{{- define "service-lib.fullname" -}}
{{- $chart := include "service-lib.name" . -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name $chart) (contains $chart .Release.Name) -}}
{{- $name | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{/* The variables that are no secret. */}}
{{- define "service-lib.configName" -}}
{{- .Values.config.existing | default (include "service-lib.fullname" .) -}}
{{- end }}

{{/* Who the pods are: an account of their own, or one that is there already. */}}
{{- define "service-lib.serviceAccountName" -}}
{{- $own := ternary (include "service-lib.fullname" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $own -}}
{{- end }}

{{/* What the autoscaler scales, as kind and apiVersion. */}}
{{- define "service-lib.workloadType" -}}
apiVersion: {{ ternary "argoproj.io/v1alpha1" "apps/v1" .Values.rollout.enabled }}
kind: {{ ternary "Rollout" "Deployment" .Values.rollout.enabled }}
{{- end }}

{{/* Who weighs the traffic between the stable pods and the canary; empty without a Rollout. */}}
{{- define "service-lib.router" -}}
{{- ternary .Values.rollout.trafficRouter "" .Values.rollout.enabled -}}
{{- end }}
