# shellcheck shell=bash
# An image of a program from this machine's Debian packages; sourced by the scripts beside it.

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# add FILE...: files or folders, with the libraries that their programs load.
add() {
  local file
  for file in "$@"; do
    tar -C / -ch "${file#/}" | tar -C "$root" -x
    # A script has no libraries, which ldd calls a failure.
    { find -L "$file" -type f \( -perm -u+x -o -name '*.so*' \) -exec ldd {} + 2>/dev/null || true; } |
      sed -nE 's/.*[[:space:]](\/[^ ]+) \(0x.*/\1/p' | sort -u | while read -r library; do
        [ -e "$root$library" ] || tar -C / -ch "${library#/}" | tar -C "$root" -x
      done
  done
}

# a shell and what an entry point needs
add_busybox() {
  mkdir -p "$root/bin" "$root/tmp"
  chmod 1777 "$root/tmp"
  cp -L "$(command -v busybox)" "$root/bin/busybox"
  local tool
  for tool in sh cat mkdir chmod ls; do ln -s busybox "$root/bin/$tool"; done
}

# write_image NAME CHANGE...: the folder as an image; changes as in a Dockerfile.
write_image() {
  local name=$1 change changes=()
  shift
  for change in "$@"; do changes+=(--change "$change"); done
  tar -C "$root" --numeric-owner -c . | "${DOCKER:-docker}" import "${changes[@]}" - "$name" >/dev/null
}
