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
    {{- include "service-lib.podSelector" . | nindent 4 }}
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
        {{- include "service-lib.podsOf" . | nindent 8 }}
    {{- end }}
    {{- if .Values.edges.ingressController }}
    {{- include "service-lib.policyNamespaces" .Values.networkPolicy.ingressNamespaces | trim | nindent 4 }}
    # The proxies of a Gateway, where its controller starts them beside it.
    - podSelector:
        matchExpressions:
          - key: gateway.networking.k8s.io/gateway-name
            operator: Exists
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
{{- include "service-lib.policyExtra" (dict "peer" "from" "rules" .Values.networkPolicy.extraIngress) }}
{{- end }}

{{- define "service-lib.policyEgress" -}}
{{- include "service-lib.policyDNS" . }}
{{- range .Values.edges.upstreams }}
- to:
    - podSelector:
        {{- include "service-lib.podsOf" .name | nindent 8 }}
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
{{- if .Values.networkPolicy.awsIdentity }}
# EKS Pod Identity's agent, and the metadata service of the node.
- to:
    {{- range list "169.254.170.23/32" "fd00:ec2::23/128" "169.254.169.254/32" "fd00:ec2::254/128" }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  ports:
    - port: 80
      protocol: TCP
{{- end }}
{{- include "service-lib.policyTracing" . }}
{{- include "service-lib.policyExtra" (dict "peer" "to" "rules" .Values.networkPolicy.extraEgress) }}
{{- end }}

{{/* Rules of the user's own: to or from a range of addresses, or peers as a NetworkPolicy has them. */}}
{{- define "service-lib.policyExtra" -}}
{{- range .rules }}
- {{ $.peer }}:
    {{- with .cidr }}
    - ipBlock:
        cidr: {{ . | quote }}
    {{- else }}
    {{- toYaml (get . $.peer) | nindent 4 }}
    {{- end }}
  ports:
    {{- range .ports }}
    {{- $port := dict "protocol" "TCP" }}
    {{- range $key, $value := ternary . (dict "port" .) (kindIs "map" .) }}{{ $_ := set $port $key $value }}{{ end }}
    - {{ toYaml $port | nindent 6 | trim }}
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
     finds it. */}}
{{- define "service-lib.policyDNS" -}}
- to:
    {{- include "service-lib.policyNamespaces" (list "kube-system") | trim | nindent 4 }}
    {{- range .Values.networkPolicy.dnsAddresses }}
    - ipBlock:
        cidr: {{ . | quote }}
    {{- end }}
  ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end }}
