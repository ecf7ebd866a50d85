"""docker/sbom.py: valid CycloneDX, the same each time, and true to the binary."""

import json
import re
import subprocess
import sys

import pytest
from conftest import BINARIES, FLEET, ROOT
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def printed(service: str, *options: str) -> str:
    command = [sys.executable, ROOT / "docker/sbom.py", service, *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module", params=FLEET)
def sbom(request) -> dict:
    return json.loads(printed(request.param)) | {"service": request.param}


def crates(sbom: dict) -> set[str]:
    return {f"{component['name']}-{component['version']}" for component in sbom["components"]}


@pytest.mark.parametrize("service", FLEET)
def test_is_valid_and_the_same_each_time(service):
    text = printed(service)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert printed(service) == text


def test_names_every_crate_that_left_a_trace_in_the_binary(sbom):
    # Paths of sources, which messages of panics and the debug information hold.
    source = rb"registry/src/[^/\0]+/([A-Za-z0-9_-]+-\d+\.\d+\.\d+[A-Za-z0-9.+-]*)/"
    traces = {name.decode() for name in re.findall(source, (BINARIES / sbom["service"]).read_bytes())}
    assert len(traces) > 50 and traces <= crates(sbom)


def test_leaves_out_what_only_builds_and_tests_use(sbom):
    names = {component["name"] for component in sbom["components"]}
    assert not names & {"cc", "e2e", "serde_derive", "syn", "proc-macro2", "clap_derive"}


def test_says_where_each_crate_of_the_registry_comes_from(sbom):
    lock = (ROOT / "Cargo.lock").read_text()
    members = {sbom["service"], "service-kit", "rust-std"}
    for component in sbom["components"]:
        assert component["licenses"]
        if component["name"] in members:
            assert "purl" not in component and "hashes" not in component
        else:
            assert component["purl"] == f"pkg:cargo/{component['name']}@{component['version']}"
            assert f'checksum = "{component["hashes"][0]["content"]}"' in lock


def test_has_one_graph_from_the_image_to_every_component(sbom):
    edges = {entry["ref"]: entry.get("dependsOn", []) for entry in sbom["dependencies"]}
    assert edges.keys() == {component["bom-ref"] for component in sbom["components"]} | {"image"}
    reached, waiting = set(), ["image"]
    while waiting:
        if (reference := waiting.pop()) not in reached:
            reached.add(reference)
            waiting += edges[reference]
    assert reached == edges.keys()


def test_is_of_the_image_that_was_asked_for():
    arm = json.loads(printed("hello", "--target", "aarch64-unknown-linux-musl", "--image-version", "1.2.3"))
    assert arm["metadata"]["component"]["version"] == "1.2.3"
    assert arm["serialNumber"] != json.loads(printed("hello"))["serialNumber"]
