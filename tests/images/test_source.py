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
    assert f" rust:{channel.rsplit('.', 1)[0]}-bookworm AS rust" in dockerfile(root)


def test_the_version_is_that_of_the_workspace(root: Path) -> None:
    version = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert f"ARG SERVICE_VERSION={version}" in dockerfile(root)
    assert f'default = "{version}"' in (root / "docker/bake.hcl").read_text()


def test_the_bake_file_builds_every_service(root: Path) -> None:
    services = re.search(r"service = \[(.*)\]", (root / "docker/bake.hcl").read_text())[1]
    assert sorted(re.findall(r'"(.*?)"', services)) == sorted(path.name for path in (root / "services").iterdir())


def test_hello_built_again_in_another_place_is_the_same_binary(root: Path, tmp_path: Path) -> None:
    files = layers("hello", str(tmp_path / "image.tar"))
    first = next(content.read() for entry, content in files if content and entry.name == "service")
    digest = hashlib.sha256(first).hexdigest()
    # It takes minutes, so a binary that came out twice already is not built a third time.
    proven = root / "target/reproduced" / digest
    if not proven.exists():
        assert built_elsewhere() == digest
        proven.parent.mkdir(parents=True, exist_ok=True)
        proven.touch()


def built_elsewhere() -> str:
    """The digest of hello from other directories for sources, cargo and registry, with nothing compiled before."""
    again = (
        "mkdir -p /elsewhere/build && cd /elsewhere/build && CARGO_HOME=/elsewhere/cargo && export CARGO_HOME &&"
        " /context/docker/build.sh /context /elsewhere/out hello >&2 && sha256sum /elsewhere/out/hello"
    )
    # Bounded, but with room for a machine that has other work.
    return docker("run", "--rm", "--network", "host", "flotilla/build:test", "sh", "-c", again, limit=1200).split()[0]
