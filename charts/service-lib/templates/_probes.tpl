{{/* All on the management port, so that they dilute no metric of what users saw. */}}
{{- define "service-lib.probes" -}}
# /healthz and not /readyz: a readiness delay, or a database that is down, must never restart a pod. A service answers
# within 10 ms of its start; the rest of the 30 s is for a node that is busy.
startupProbe:
  httpGet:
    path: /healthz
    port: metrics
    scheme: HTTP
  periodSeconds: 1
  timeoutSeconds: 2
  successThreshold: 1
  failureThreshold: 30
# Fast, because a rollout waits for it: two answers missed, and it is out after 10 s at most.
readinessProbe:
  httpGet:
    path: /readyz
    port: metrics
    scheme: HTTP
  periodSeconds: 5
  timeoutSeconds: 2
  successThreshold: 1
  failureThreshold: 2
# Slow, because a restart loses what is in flight: only a process that hangs for half a minute is worth it.
livenessProbe:
  httpGet:
    path: /healthz
    port: metrics
    scheme: HTTP
  periodSeconds: 10
  timeoutSeconds: 2
  successThreshold: 1
  failureThreshold: 3
{{- end }}
