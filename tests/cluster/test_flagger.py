"""The kit for Flagger on the real controller: a good rung of the ladder is promoted, a failing and a slow one are rolled back."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from conftest import has
from support.kubectl import apply, get, kubectl, within
from support.ladder import Rung, answers, counted, host, traffic
from support.namespace import namespace
from support.rendering import ROOT, Document, chart, documents, run, text

OUTCOMES = {"1.9.0": "Succeeded", "1.1.0": "Failed", "1.2.0": "Failed"}
OWNED = ("--set", "service.create=false", "--set", "replicas=null")
# Seven checks, one in 30 s, and the pods' starts.
SECONDS = 380


@pytest.fixture(scope="module")
def flagger(prometheus: str, ingress: str) -> None:
    if not has("canaries.flagger.app"):
        pytest.skip("the cluster has no Flagger")


@dataclass
class Ended:
    phase: str
    weight: int
    serving: str
    statuses: dict[str, int]
    versions: dict[str, int]
    events: str


def kit(home: str) -> list[Document]:
    """As it lies there, but for the host, of which each rung has one, and the port that Traefik listens on."""
    found = documents(run("kubectl", "kustomize", ROOT / "gitops/flagger"))
    for document in found:
        if document["kind"] == "Canary":
            document["spec"]["service"]["hosts"] = [host(home)]
        if document["kind"] == "Gateway":
            document["spec"]["listeners"][0]["port"] = urlsplit(os.environ["FLOTILLA_INGRESS"]).port or 80
    return found


def release(rung: Rung) -> Ended:
    with namespace(rung.home("flagger")) as home:
        apply(text(chart("hello", home, *OWNED, "--set", "image.tag=1.0.0")), "--namespace", home)
        apply(text(kit(home)), "--namespace", home)
        within(240, "1.0.0 is in service", lambda: status(home)["phase"] == "Initialized", 5)
        within(60, f"{host(home)} leads to it", lambda: answers(home), 2)
        with traffic(home, SECONDS) as loads:
            kubectl("-n", home, "set", "image", "deployment/hello", f"hello=flotilla/hello:{rung.version}")
            phase, weight = follow(home)
            time.sleep(5)
            statuses, versions = counted(loads)
        primary = get("deployment", "hello-primary", home)["spec"]["template"]["spec"]["containers"][0]["image"]
        return Ended(phase, weight, primary.rpartition(":")[2], statuses, versions, events(home))


def status(home: str) -> Document:
    return {"phase": "", "canaryWeight": 0} | get("canary", "hello", home).get("status", {})


def follow(home: str) -> tuple[str, int]:
    """Waits for the end; the phase, and the most that the canary had."""
    most, began = 0, time.monotonic()
    while time.monotonic() - began < SECONDS - 20:
        now = status(home)
        most = max(most, now["canaryWeight"])
        if now["phase"] in ("Succeeded", "Failed"):
            return now["phase"], most
        time.sleep(8)
    return status(home)["phase"], most


def events(home: str) -> str:
    return kubectl("-n", home, "get", "events", "--field-selector", "involvedObject.kind=Canary", "-o", "custom-columns=M:.message")


@pytest.fixture(scope="module")
def ended(flagger: None) -> dict[str, Ended]:
    with ThreadPoolExecutor(len(OUTCOMES)) as pool:
        futures = {version: pool.submit(release, Rung("hello", version)) for version in OUTCOMES}
        return {version: future.result() for version, future in futures.items()}


@pytest.mark.parametrize("version", OUTCOMES)
def test_flagger_promotes_what_is_good_and_rolls_the_rest_back(version: str, ended: dict[str, Ended]) -> None:
    seen, good = ended[version], OUTCOMES[version] == "Succeeded"
    assert (seen.phase, seen.serving) == (OUTCOMES[version], version if good else "1.0.0"), seen
    assert seen.weight == (50 if good else 20), seen
    # Whoever failed, it was the rung; and nobody was left without an answer.
    assert seen.statuses.keys() <= {"200", "500"}, seen
    assert seen.statuses.get("500", 0) <= 0.03 * seen.versions[version] + 2, seen
    assert seen.versions.keys() == {"1.0.0", version}


def test_the_measurement_that_decided_is_what_was_injected(ended: dict[str, Ended]) -> None:
    said = [line for line in ended["1.1.0"].events.splitlines() if "advancement success-rate" in line]
    # The first may be of a pod's first seconds.
    assert said and said[-1].endswith("0.97 < 0.99"), ended["1.1.0"]
    assert any("advancement latency" in line for line in ended["1.2.0"].events.splitlines()), ended["1.2.0"]
