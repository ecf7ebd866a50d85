#!/usr/bin/env bash
# Writes anew what is GENERATED from the charts and the services: the common part, schema and README of each chart, then
# the bases and components of kustomize. Run it after a change to a chart, or to a service's variables.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/install.sh

need_python -r tests/deploy/requirements.txt
# The schemas know the services' variables from the binaries.
cargo build --workspace
.venv/bin/python charts/generate
.venv/bin/python kustomize/render.py
