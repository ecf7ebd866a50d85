#!/usr/bin/env bash
# Debian's Redis under the name of the official image, which the component's command and probes run in.
#
# usage: redis.sh IMAGE
set -euo pipefail
cd "$(dirname "$0")/../../.."
. tests/lib/install.sh
. tests/cluster/stand-ins/lib.sh
need_debian redis-server redis-server
need_debian busybox busybox-static

add_busybox
add /usr/bin/redis-server /usr/bin/redis-cli
write_image "$1" 'CMD ["redis-server"]'
