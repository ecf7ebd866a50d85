"""The rungs of the release ladder: each is the service's image and one small file, and runs as it is shown."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import configuration, docker, image, running, within

LADDER = Path(__file__).parents[2] / "ladder"
RUNGS = sorted(f"{path.parent.name}:{path.stem}" for path in LADDER.glob("*/*.yaml"))
# "Some hundred bytes": what the layer adds to the service's own image.
LAYER = 1_000
# Beside the tags of whoever works on this machine.
TAG = "ladder-test"


@pytest.fixture(scope="module", params=RUNGS)
def rung(request: pytest.FixtureRequest) -> Iterator[str]:
    service, _, version = request.param.partition(":")
    tag = f"flotilla/{service}:{version}-{TAG}"
    arguments = {"SERVICE": service, "VERSION": version, "IMAGE": image(service)}
    options = [option for name, value in arguments.items() for option in ("--build-arg", f"{name}={value}")]
    docker("build", "--quiet", *options, "--tag", tag, str(LADDER))
    yield request.param
    docker("image", "rm", tag)


def built(rung: str) -> dict:
    return json.loads(docker("image", "inspect", f"flotilla/{rung}-{TAG}"))[0]


def test_a_rung_is_the_services_image_and_one_small_layer(rung: str) -> None:
    service, _, version = rung.partition(":")
    own, base = built(rung), configuration(service)
    assert own["RootFS"]["Layers"][:-1] == base["RootFS"]["Layers"]
    assert 0 < own["Size"] - base["Size"] == (LADDER / service / f"{version}.yaml").stat().st_size < LAYER
    assert all(own["Config"][key] == base["Config"][key] for key in ("User", "Entrypoint", "Cmd", "Healthcheck", "ExposedPorts"))
    assert set(own["Config"]["Env"]) - set(base["Config"]["Env"]) == {f"SERVICE_VERSION={version}", "RELEASE_FAULTS_FILE=/release.yaml"}
    assert own["Config"]["Labels"] == base["Config"]["Labels"] | {"org.opencontainers.image.version": version}


def test_a_rung_takes_its_rules_and_says_its_version(rung: str) -> None:
    service, _, version = rung.partition(":")
    with running(f"{service}", tag=f"{version}-{TAG}") as container:
        within(20, "it answers", lambda: container.get("/healthz", management=True).status == 200 or None)
        metrics = container.get("/metrics", management=True).body
        assert re.search(r"^fault_config_valid(\{[^}]*\})? 1$", metrics, re.MULTILINE), container.logs()
        assert json.loads(container.get("/version", management=True).body)["version"] == version


@pytest.mark.parametrize("rung", ["hello:1.1.0"], indirect=True)
def test_three_of_each_hundred_requests_fail(rung: str) -> None:
    with running("hello", tag=f"1.1.0-{TAG}") as container:
        container.wait_until_ready()
        found = [container.get("/success").status for _ in range(200)]
        assert (found[:100].count(500), found[100:].count(500), found.count(200)) == (3, 3, 194)


@pytest.mark.parametrize("rung", ["hello:1.3.0"], indirect=True)
def test_a_leak_ends_at_the_limit_of_the_container(rung: str) -> None:
    with running("hello", options=["--memory", "24m", "--memory-swap", "24m"], tag=f"1.3.0-{TAG}") as container:
        container.wait_until_ready()
        # At 256 KiB a second the 64 MiB are full after some 250 s; less memory is full sooner.
        within(200, "the kernel kills it", lambda: not container.state()["Running"])
        assert (container.state()["OOMKilled"], container.state()["ExitCode"]) == (True, 137)


@pytest.mark.parametrize("rung", ["hello:1.4.0"], indirect=True)
def test_it_is_alive_and_never_ready(rung: str) -> None:
    with running("hello", tag=f"1.4.0-{TAG}") as container:
        within(20, "it is alive", lambda: container.get("/healthz", management=True).status == 200)
        assert {container.get("/readyz", management=True).status for _ in range(50)} == {503}


@pytest.mark.parametrize("rung", ["hello:1.8.0"], indirect=True)
def test_the_wrong_thing_is_answered_with_200(rung: str) -> None:
    with running("hello", tag=f"1.8.0-{TAG}") as container:
        container.wait_until_ready()
        answer = container.get("/success")
        assert (answer.status, json.loads(answer.body)["status"]) == (200, "error")
