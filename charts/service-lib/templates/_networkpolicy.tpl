{{/* Who may call whom. Naming both directions denies all else in both. Port names are the pod's own; towards others
     there are numbers, because not every network plugin resolves a name in another pod. */}}
{{- define "service-lib.networkpolicy" -}}
{{- if .Values.networkPolicy.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "service-lib.fullname" . }}
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "service-lib.selector" . | nindent 6 }}
  policyTypes:
    - Ingress
    - Egress
  ingress:
    {{- include "service-lib.policyIngress" . | nindent 4 }}
  egress:
    {{- include "service-lib.policyEgress" . | nindent 4 }}
{{- end }}
{{- end }}

{{- define "service-lib.policyIngress" -}}
- from:
    # helm test
    - podSelector:
        matchLabels:
          {{- include "service-lib.testSelector" . | nindent 10 }}
    {{- range .Values.edges.callers }}
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: {{ . | quote }}
    {{- end }}
    {{- if .Values.edges.ingressController }}
    {{- include "service-lib.policyNamespaces" .Values.networkPolicy.ingressNamespaces | trim | nindent 4 }}
    {{- end }}
    {{- include "service-lib.policyNamespaces" .Values.networkPolicy.analysisNamespaces | trim | nindent 4 }}
  ports:
    - port: http
      protocol: TCP
{{- with .Values.networkPolicy.monitoringNamespaces }}
- from:
    {{- include "service-lib.policyNamespaces" . | trim | nindent 4 }}
  ports:
    - port: metrics
      protocol: TCP
{{- end }}
{{- end }}

{{- define "service-lib.policyEgress" -}}
{{- include "service-lib.policyDNS" . }}
{{- range .Values.edges.upstreams }}
- to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: {{ .name | quote }}
  ports:
    - port: {{ .port }}
      protocol: TCP
{{- end }}
{{- if .Values.edges.https }}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
    - ipBlock:
        cidr: ::/0
  ports:
    - port: 443
      protocol: TCP
{{- end }}
{{- range .Values.networkPolicy.extraEgress }}
- to:
    - ipBlock:
        cidr: {{ .cidr | quote }}
  ports:
    {{- range .ports }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
{{- end }}
{{- end }}

{{- define "service-lib.policyNamespaces" -}}
{{- range . }}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ . | quote }}
{{- end }}
{{- end }}

{{/* The cluster's DNS, and NodeLocal DNSCache where a cluster has it: that runs in the node's network, where no selector
     finds it, on an address that is the same everywhere. */}}
{{- define "service-lib.policyDNS" -}}
- to:
    {{- include "service-lib.policyNamespaces" (list "kube-system") | trim | nindent 4 }}
    - ipBlock:
        cidr: 169.254.20.10/32
  ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end }}
