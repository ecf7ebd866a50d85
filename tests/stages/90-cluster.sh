#!/usr/bin/env bash
# The images, charts and overlays on a real Kubernetes: FLOTILLA_KUBECONFIG's, kind's, or one built on this machine.
# CLUSTER_TESTS selects some of them, by pytest's -k.
set -euo pipefail
. tests/lib/install.sh
. tests/lib/engine.sh
. tests/lib/cluster.sh

need_python -r tests/deploy/requirements.txt pytest-xdist==3.8.0 || exit 0
scratch=$(mktemp -d)
trap 'stop_engine; rm -rf "$scratch"' EXIT
status=0
need_cluster || status=$?
# 1: noted as skipped. Anything else: a cluster that should be there does not answer.
[ "$status" -ne 1 ] || exit 0
[ "$status" -eq 0 ] || exit "$status"

# What reads the ServiceMonitor; without it that is skipped.
need_debian prometheus prometheus || true
# helm 4 beside the helm 3 of the requirements.
! need_go helm-4/helm helm.sh/helm/v4/cmd/helm v4.2.4 || export HELM_4="$PWD/.venv/bin/helm-4/helm"
cargo build --workspace --locked
need_engine "$scratch" || exit 0
need_base_image || exit 0
tests/cluster/images.sh
# What an engine on the same machine leaves behind would hold up traffic between pods.
stop_engine
# Most of the time a test waits for pods: three files run beside each other.
.venv/bin/pytest -q -p no:cacheprovider --durations=15 --numprocesses=3 --dist=loadfile tests/cluster -k "${CLUSTER_TESTS:-}"
