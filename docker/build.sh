#!/bin/sh
# Builds each service as one static binary for PROCESSOR; runs inside the image's build stage, after toolchain.sh.
#
# usage: docker/build.sh SOURCES OUTPUT [SERVICE]      SOURCES: the build's context; OUTPUT: where the binaries go
# The working directory and its target/ outlive the build (a cache mount), so that a change compiles only what it touches.
set -eu
sources=$1
output=$2

# cargo compiles what is younger than its last build, but files from an older checkout are not. So only files whose
# contents differ are copied, and become young.
files() { (cd "$1" && find . -path ./target -prune -o -type f -print | LC_ALL=C sort); }
list=$(mktemp)
files "$sources" >"$list"
# What is gone goes first: where a directory became a file, or a file a directory, the other is in the way.
files . | LC_ALL=C comm -13 "$list" - | xargs -r -d '\n' rm --
# An empty directory would still be a member of the workspace.
find . -type d -empty -not -path './target*' -delete
while IFS= read -r file; do
  cmp -s "$sources/$file" "$file" || { mkdir -p "$(dirname "$file")" && cp "$sources/$file" "$file"; }
done <"$list"

target=$PROCESSOR-unknown-linux-musl
# C sources (ring, SQLite) are compiled against musl as well.
export TARGET_CC=musl-gcc
# The same sources give the same binary wherever they lie. The second flag packs the relocations that a random load
# address needs: 3 % of the binary.
export RUSTFLAGS="--remap-path-prefix=$PWD=/src --remap-path-prefix=${CARGO_HOME:?}/registry/src=/crates
  -Clink-arg=-Wl,-z,pack-relative-relocs"
# All are selected even if one is wanted: what they share has the features that any of them needs, and is built once.
all=$(ls services)
wanted=${3:-$all}
# shellcheck disable=SC2046,SC2086  # the names are words
cargo build --release --locked --target "$target" $(printf -- '--package %s ' $all) $(printf -- '--bin %s ' $wanted)

mkdir -p "$output"
for service in $wanted; do cp "target/$target/release/$service" "$output"; done
