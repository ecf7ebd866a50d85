"""What the Dockerfile repeats from elsewhere, and that the same sources give the same binary."""

import hashlib
import re
import tomllib
from pathlib import Path

from docker import docker, layers


def dockerfile(root: Path) -> str:
    return (root / "Dockerfile").read_text()


def test_the_compiler_is_that_of_the_workspace(root: Path) -> None:
    channel = tomllib.loads((root / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
    assert f"FROM rust:{channel.rsplit('.', 1)[0]}-bookworm" in dockerfile(root)


def test_the_version_is_that_of_the_workspace(root: Path) -> None:
    version = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert f"ARG SERVICE_VERSION={version}" in dockerfile(root)
    assert f'default = "{version}"' in (root / "docker/bake.hcl").read_text()


def test_the_bake_file_builds_every_service(root: Path) -> None:
    services = re.search(r"service = \[(.*)\]", (root / "docker/bake.hcl").read_text())[1]
    assert sorted(re.findall(r'"(.*?)"', services)) == sorted(path.name for path in (root / "services").iterdir())


def test_hello_built_again_in_another_place_is_the_same_binary(tmp_path: Path) -> None:
    # Other directories for the sources, for cargo and for its registry, and nothing that was compiled before.
    again = (
        "mkdir -p /elsewhere/build && cd /elsewhere/build && CARGO_HOME=/elsewhere/cargo && export CARGO_HOME &&"
        " /context/docker/build.sh /context /elsewhere/out hello >&2 && sha256sum /elsewhere/out/hello"
    )
    digest = docker("run", "--rm", "--network", "host", "flotilla/build:test", "sh", "-c", again, limit=900).split()[0]
    files = layers("hello", str(tmp_path / "image.tar"))
    first = next(content.read() for entry, content in files if content and entry.name == "service")
    assert digest == hashlib.sha256(first).hexdigest()
