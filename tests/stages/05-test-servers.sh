#!/usr/bin/env bash
# The real servers that the Rust tests start for themselves. What is missing is noted, and its tests skip.
set -euo pipefail
. tests/lib/install.sh

# AWS: ministack pages as AWS does, moto is the stricter about arguments. Both run from .venv/bin.
need_python ministack==1.5.33 'moto[server]==5.2.5' || true

# What stands between a client and a server: an egress proxy, TLS, and the certificates for it, which Redis needs too.
need_debian tinyproxy tinyproxy-bin || true
need_debian stunnel stunnel4 || true
PATH=$PATH:/usr/sbin need_debian nginx nginx-light || true
need_debian openssl openssl || true

# product-api: its cache and its database. PostgreSQL's programs stay in /usr/lib/postgresql, where the tests find them.
need_debian redis-server redis-server || true
command -v postgres >/dev/null || need_debian pg_ctlcluster postgresql || true
PATH=$PATH:/usr/sbin need_debian pgbouncer pgbouncer || true

# Traces: the OpenTelemetry Collector, of which package registries have the sources alone.
need_go_source otelcol tests/otelcol || true
