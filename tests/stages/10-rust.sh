#!/usr/bin/env bash
# Format, lints, and all Rust tests; the integration tests drive the real binaries.
set -euo pipefail

cargo fmt --all --check
cargo clippy --workspace --all-targets --locked -- --deny warnings
RUSTDOCFLAGS='--deny warnings' cargo doc --workspace --no-deps --locked --quiet
cargo build --workspace --locked
cargo test --workspace --locked
