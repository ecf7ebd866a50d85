#!/usr/bin/env bash
# Debian's PostgreSQL under the name of the official image, with as much of its entry point as the component uses:
# POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB and PGDATA on a new volume.
#
# usage: postgres.sh IMAGE
set -euo pipefail
cd "$(dirname "$0")/../../.."
. tests/lib/install.sh
. tests/cluster/stand-ins/lib.sh
command -v pg_ctlcluster >/dev/null || need_debian pg_ctlcluster postgresql
need_debian busybox busybox-static

programs=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -1)
version=$(basename "$(dirname "$programs")")
add_busybox
# Without the compiler for queries, which is five times the rest.
mapfile -t modules < <(find "/usr/lib/postgresql/$version/lib" -maxdepth 1 -name '*.so' ! -name 'llvmjit*')
add "/usr/lib/postgresql/$version/bin" "${modules[@]}" "/usr/share/postgresql/$version" /usr/share/zoneinfo
mkdir -p "$root/etc" "$root/var/run/postgresql" "$root/var/lib/postgresql"
chmod 1777 "$root/var/run/postgresql" "$root/var/lib/postgresql"
# The users and the group of the official image.
echo 'postgres:x:70:70::/var/lib/postgresql:/bin/sh' >"$root/etc/passwd"
echo 'postgres:x:70:' >"$root/etc/group"
cat >"$root/bin/entrypoint" <<'SH'
#!/bin/sh
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
  initdb --pgdata "$PGDATA" --username "$POSTGRES_USER" --pwfile /tmp/password --auth-local trust --auth-host scram-sha-256 --locale C --encoding UTF8
  echo "create database \"$POSTGRES_DB\"" | postgres --single -D "$PGDATA" postgres
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
fi
postgres -D "$PGDATA" -c listen_addresses='*' &
server=$!
# The official image asks to be stopped by SIGINT: clients are not waited for.
trap 'kill -INT $server' TERM INT
while kill -0 $server 2>/dev/null; do wait $server || true; done
SH
chmod 755 "$root/bin/entrypoint"
write_image "$1" "ENV PATH=$programs:/bin" 'ENV PGDATA=/var/lib/postgresql/data' 'ENTRYPOINT ["/bin/entrypoint"]'
