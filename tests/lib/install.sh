# shellcheck shell=bash
# Installs what a stage needs; sourced by the stages. Every function returns 1 after it has noted a skip.

# skip KIND REASON: notes what is not tested. KIND is `installable` (with CI=true a failure) or `foreign` (a tool or a
# right that this script cannot get for itself).
skip() {
  printf 'skipped: %s\n' "$2"
  [ -z "${FLOTILLA_SKIPPED:-}" ] || printf '%s %s\n' "$1" "$2" >>"$FLOTILLA_SKIPPED"
  return 1
}

# as_root COMMAND...: runs it as root, if that needs no password.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# need_debian COMMAND PACKAGE: makes a command of a Debian package available.
need_debian() {
  command -v "$1" >/dev/null && return 0
  if command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get install -y -qq "$2" >/dev/null 2>&1 ||
      { as_root apt-get update -qq && as_root apt-get install -y -qq "$2"; } >/dev/null 2>&1 || true
  fi
  command -v "$1" >/dev/null || skip installable "$1 ($2) is missing and could not be installed"
}

# need_python REQUIREMENT...: installs Python packages into .venv; use them as .venv/bin/COMMAND.
need_python() {
  [ -x .venv/bin/pip ] || python3 -m venv .venv || { skip installable 'python3 with venv is missing'; return 1; }
  .venv/bin/pip install --quiet --disable-pip-version-check "$@" ||
    skip installable "Python packages could not be installed: $*"
}

# need_go COMMAND PACKAGE VERSION: builds a command of a Go module into .venv/bin; with a folder before its name, into that.
need_go() {
  command -v go >/dev/null || { skip foreign "$1 is not run: go is missing"; return 1; }
  go version -m ".venv/bin/$1" 2>/dev/null | grep -qF "$3" || GOBIN=$(dirname "$PWD/.venv/bin/$1") go install "$2@$3" ||
    skip installable "$1 ($2@$3) could not be built"
}

# need_go_source COMMAND FOLDER: builds a command from a Go module of this repository into .venv/bin, anew where the module is newer.
need_go_source() {
  command -v go >/dev/null || { skip foreign "$1 is not run: go is missing"; return 1; }
  [ -z "$(find "$2" -newer ".venv/bin/$1" 2>&1)" ] ||
    go build -C "$2" -trimpath -buildvcs=false -ldflags='-s -w' -o "$PWD/.venv/bin/$1" . ||
    skip installable "$1 ($2) could not be built"
}
