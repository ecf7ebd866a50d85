#!/bin/sh
# Installs what compiles for PROCESSOR, this machine's or the other one's; runs inside the image's build stage.
#
# usage: PROCESSOR=aarch64 docker/toolchain.sh arm64      or x86_64 and amd64
set -eu
architecture=$1

install() { apt-get update && apt-get install --no-install-recommends --yes "$@" && rm -rf /var/lib/apt/lists/*; }

rustup target add "$PROCESSOR-unknown-linux-musl"
# musl, because a static glibc cannot look up names without its shared libraries. Its version is that of the base image.
if [ "$PROCESSOR" = "$(uname -m)" ]; then
  command -v musl-gcc || install musl-tools
else
  dpkg --add-architecture "$architecture"
  install "gcc-$(echo "$PROCESSOR" | tr _ -)-linux-gnu" "musl-dev:$architecture"
  # As musl-tools has it for this machine's processor.
  echo "#!/bin/sh
exec $PROCESSOR-linux-gnu-gcc \"\$@\" -specs /usr/lib/$PROCESSOR-linux-musl/musl-gcc.specs" >/usr/local/bin/musl-gcc
  chmod +x /usr/local/bin/musl-gcc
  echo "[target.$PROCESSOR-unknown-linux-musl]
linker = '$PROCESSOR-linux-gnu-gcc'" >>"$CARGO_HOME/config.toml"
fi
