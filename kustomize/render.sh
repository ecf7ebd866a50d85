#!/usr/bin/env bash
# Writes what is GENERATED below kustomize/ anew from the charts. Run it after a change to a chart.
#
# usage: kustomize/render.sh [--into FOLDER]     default: kustomize, the folder that is also read
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/install.sh

need_python -r tests/deploy/requirements.txt
exec .venv/bin/python kustomize/render.py "$@"
