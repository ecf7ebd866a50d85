# shellcheck shell=bash
# A container engine that can build; sourced by the stages that need images, after install.sh.

# find_docker: leaves in $DOCKER a client that builds. Docker's newer clients build only with a plugin, buildx; one that
# can build may be elsewhere.
export DOCKER_BUILDKIT=1 DOCKER
find_docker() {
  for DOCKER in docker /usr/bin/docker; do "$DOCKER" build --help >/dev/null 2>&1 && return; done
  return 1
}

# need_engine LOGS: makes an engine answer; one that is started here logs below LOGS and ends by stop_engine.
engine=
need_engine() {
  find_docker || { need_debian dockerd docker.io && find_docker; } ||
    { skip installable 'there is no Docker client that can build' || return 1; }
  ! "$DOCKER" info >/dev/null 2>&1 || return 0
  [ "$(id -u)" = 0 ] || { skip foreign 'no Docker engine answers, and only root can start one' || return 1; }
  need_debian dockerd docker.io || return 1
  dockerd >"$1/dockerd.log" 2>&1 &
  engine=$!
  for _ in $(seq 60); do ! "$DOCKER" info >/dev/null 2>&1 || return 0; sleep 0.5; done
  tail -3 "$1/dockerd.log"
  skip foreign 'a Docker engine does not start here'
}

# By its id, and only if it was started here.
stop_engine() {
  [ -z "$engine" ] || { kill "$engine" && wait "$engine" || true; }
  engine=
}

# need_base_image: the image that the Dockerfile builds in, pulled, or made where no registry can be reached.
need_base_image() {
  local base stand_in=../shared/tools/rust-base-image.sh
  base=$(sed -n 's/^FROM .*\(rust:[^ ]*\) .*/\1/p' Dockerfile)
  "$DOCKER" image inspect "$base" >/dev/null 2>&1 || timeout 300 "$DOCKER" pull --quiet "$base" >/dev/null 2>&1 ||
    { [ "$(id -u)" = 0 ] && [ -x "$stand_in" ] && "$stand_in" "$base"; } ||
    skip foreign "$base can neither be pulled nor made"
}
