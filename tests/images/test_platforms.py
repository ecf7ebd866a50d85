"""The Dockerfile's toolchain makes static binaries of both processors, on this machine."""

import subprocess
from pathlib import Path

import pytest
from docker import DOCKER, docker

# Rust that calls C: what ring and SQLite are to the services. The name is looked up by musl's resolver.
SOURCES = {
    "lookup.c": '#include <netdb.h>\nint lookup(void) { struct addrinfo *found; return getaddrinfo("localhost", 0, 0, &found); }\n',
    "Cargo.toml": '[package]\nname = "program"\nedition = "2021"\n',
    "src/main.rs": "extern \"C\" { fn lookup() -> i32; }\nfn main() { std::process::exit(unsafe { lookup() }) }\n",
}
# By cargo, and the compiler that docker/build.sh names for C.
BUILD = """
target=$PROCESSOR-unknown-linux-musl
musl-gcc -c -o lookup.o lookup.c && ar rcs liblookup.a lookup.o
cargo rustc --quiet --offline --target "$target" -- -L . -l static=lookup && mv "target/$target/debug/program" program
"""


@pytest.mark.parametrize(("platform", "machine"), [("amd64", "X86-64"), ("arm64", "AArch64")])
def test_a_program_of_rust_and_c_is_static_and_of_that_processor(root: Path, tmp_path: Path, platform: str, machine: str) -> None:
    toolchain = ["--target", "toolchain", "--platform", f"linux/{platform}"]
    image = docker("build", "--quiet", *toolchain, str(root), limit=600).strip()
    (tmp_path / "src").mkdir()
    for name, text in SOURCES.items():
        (tmp_path / name).write_text(text)
    docker("run", "--rm", "--volume", f"{tmp_path}:/work", "--workdir", "/work", image, "sh", "-euc", BUILD)
    shown = subprocess.run(["readelf", "--file-header", "--program-headers", tmp_path / "program"], capture_output=True, text=True, check=True)
    assert machine in shown.stdout.partition("Machine:")[2].splitlines()[0]
    assert "INTERP" not in shown.stdout


def test_another_processor_ends_the_build(root: Path) -> None:
    command = [DOCKER, "build", "--quiet", "--target", "toolchain", "--platform", "linux/s390x", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0 and "rust-s390x" in done.stderr
