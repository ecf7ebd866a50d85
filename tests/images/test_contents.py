"""What is in an image, and what is not."""

import json
import re
import ssl
import subprocess
from pathlib import Path

import pytest
from docker import BUNDLE, configuration, docker, image, layers

# 1 MB is 10^6 bytes, uncompressed. What carries SQLite and PostgreSQL, or the SDK of AWS, is larger.
MEGABYTES = {"hello": 5, "product-api": 12, "auxiliary-service": 14}
OTHERS = 6


@pytest.fixture(scope="session")
def unpacked(service: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the image."""
    target = tmp_path_factory.mktemp(service)
    for entry, content in layers(service, str(target / "image.tar")):
        if content:
            path = target / "root" / entry.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read())
            path.chmod(entry.mode)
    return target / "root"


def test_it_is_no_larger_than_promised(service: str) -> None:
    size = configuration(service)["Size"]
    print(f"\n{service}: {size / 1e6:.2f} MB")
    assert size <= MEGABYTES.get(service, OTHERS) * 1_000_000


def test_it_holds_the_binary_the_authorities_and_the_user_and_nothing_else(unpacked: Path) -> None:
    found = sorted(str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if not path.is_dir())
    assert found == ["etc/group", "etc/passwd", BUNDLE, "service"]
    assert (unpacked / "etc/passwd").read_text() == "flotilla:x:65532:65532::/:/service\n"


def test_nothing_in_it_can_be_changed_by_its_user_or_gains_rights(service: str, tmp_path: Path) -> None:
    for entry, _ in layers(service, str(tmp_path / "image.tar")):
        assert (entry.uid, entry.gid) == (0, 0), entry.name
        assert entry.isfile() or entry.isdir(), entry.name
        assert not entry.mode & 0o6022, f"{entry.name}: {entry.mode:o}"


def test_the_binary_is_static_and_loaded_at_a_random_address(unpacked: Path) -> None:
    def readelf(flag: str) -> str:
        return subprocess.check_output(["readelf", flag, "--wide", str(unpacked / "service")], text=True)

    assert "INTERP" not in readelf("--program-headers")
    assert "NEEDED" not in readelf("--dynamic")
    assert "DYN" in readelf("--file-header"), "not position-independent"
    assert "GNU_RELRO" in readelf("--program-headers")
    assert not re.search(r"GNU_STACK.*E", readelf("--program-headers")), "executable stack"


def test_the_binary_does_not_tell_where_it_was_built(unpacked: Path) -> None:
    binary = (unpacked / "service").read_bytes()
    for path in (b"/usr/local/cargo", b"/registry/src/", b"/src/target/", b"/root/"):
        assert path not in binary, path


def test_the_authorities_can_be_read(unpacked: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(unpacked / BUNDLE)
    assert len(context.get_ca_certs()) > 100


def test_it_says_what_it_is_and_how_to_run_it(service: str, root: Path) -> None:
    config = configuration(service)["Config"]
    assert config["Labels"] == {
        "org.opencontainers.image.title": f"flotilla/{service}",
        "org.opencontainers.image.version": "1.2.3",
        "org.opencontainers.image.revision": "0f1e2d3",
        "org.opencontainers.image.source": "https://example.com/flotilla",
        "org.opencontainers.image.licenses": "Apache-2.0",
    }
    assert (config["User"], config["Entrypoint"], config["Cmd"]) == ("65532:65532", ["/service"], None)
    assert config["Healthcheck"]["Test"] == ["CMD", "/service", "healthcheck"]
    port = re.search(r"Info = Info \{.*port: (\d+)", (root / "services" / service / "src/lib.rs").read_text())[1]
    assert sorted(config["ExposedPorts"]) == sorted([f"{port}/tcp", "4040/tcp"])


def test_no_secret_is_in_its_environment_or_history(service: str) -> None:
    names = {variable.split("=")[0] for variable in configuration(service)["Config"]["Env"]}
    assert names == {"PATH", "SERVICE_VERSION", "BUILD_COMMIT"}
    steps = docker("history", "--no-trunc", "--format", "{{json .CreatedBy}}", image(service)).splitlines()
    assert not [step for step in steps if re.search("secret|token|password|proxy", json.loads(step), re.IGNORECASE)]
