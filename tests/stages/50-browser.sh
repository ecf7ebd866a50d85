#!/usr/bin/env bash
# The pages of hello and storefront in headless Chromium, against the real binaries. Pictures: target/screenshots.
set -euo pipefail
. tests/lib/install.sh

need_debian chromium chromium || exit 0
need_debian node nodejs || exit 0
need_debian npm npm || exit 0
node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' ||
  { skip foreign "node $(node --version) is older than 20, which playwright-core needs" || exit 0; }
need_debian redis-server redis-server || true
npm ci --prefix tests/browser --silent --no-fund --no-audit ||
  { skip installable 'playwright-core could not be installed from the npm registry' || exit 0; }

cargo build --workspace --locked
export FLOTILLA_BINARIES="${CARGO_TARGET_DIR:-$PWD/target}/debug"
node --test tests/browser/*.test.js
