#!/usr/bin/env bash
# Runs every test of the project, and installs what it lacks.
#
# usage: tests/run.sh [STAGE...]     default: all of tests/stages, in order; a stage is named by a part of its name
#
# Exit code 0: everything passed. 1: something failed, or, with CI=true, was skipped for want of a tool that could
# have been installed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. tests/lib/install.sh

FLOTILLA_SKIPPED=$(mktemp)
export FLOTILLA_SKIPPED
trap 'rm -f "$FLOTILLA_SKIPPED"' EXIT

# wanted NAME STAGE...: whether a stage was asked for; all are when none was named.
wanted() {
  local name=$1 part
  shift
  [ $# -gt 0 ] || return 0
  for part in "$@"; do [[ $name != *"$part"* ]] || return 0; done
  return 1
}

passed=0
failed=()
for stage in tests/stages/*.sh; do
  name=$(basename "$stage" .sh)
  wanted "$name" "$@" || continue
  printf '\n==> %s\n' "$name"
  start=$SECONDS
  if bash "$stage"; then
    passed=$((passed + 1))
    word=passed
  else
    failed+=("$name")
    word=FAILED
  fi
  printf '<== %s: %s in %d s\n' "$name" "$word" $((SECONDS - start))
done

printf '\n'
[ ! -s "$FLOTILLA_SKIPPED" ] || sed 's/^[a-z]* /skipped: /' "$FLOTILLA_SKIPPED"
skipped=$(wc -l <"$FLOTILLA_SKIPPED")
[ ${#failed[@]} -eq 0 ] || printf 'failed: %s\n' "${failed[*]}"
printf 'stages: %d passed, %d failed, %d skipped\n' "$passed" ${#failed[@]} "$skipped"
[ ${#failed[@]} -eq 0 ] || exit 1
if [ "${CI:-}" = true ] && grep -q '^installable ' "$FLOTILLA_SKIPPED"; then
  echo 'CI=true: a tool that could have been installed is missing' >&2
  exit 1
fi
