"""The kit for Flagger on the real controller: rungs of the ladder that are promoted, and that are rolled back.

A run of everything has those that tell whether the kit works; FLOTILLA_LADDER=all, or a selection that names Flagger, has all.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from conftest import has
from support.kubectl import apply, get, kubectl, within
from support.ladder import Rung, answers, host
from support.ladder_traffic import Answered, counted, traffic
from support.namespace import namespace
from support.rendering import ROOT, Document, chart, documents, run, text

ALL = os.environ.get("FLOTILLA_LADDER") == "all" or "flagger" in os.environ.get("CLUSTER_TESTS", "")


@dataclass(frozen=True)
class Outcome:
    phase: str
    # The most of the traffic that it gets, in per cent; of two, the moment of the first check decides.
    weights: tuple[int, ...]
    # What its events name as the reason.
    reason: str
    # Requests a second.
    rate: float = 20


# Left out: 1.3.0, whose leak takes longer than this canary, and 1.8.0, since Flagger reads no body. Nothing here would stop them.
OUTCOMES = {
    "1.9.0": Outcome("Succeeded", (50,), "Promotion completed"),
    "1.1.0": Outcome("Failed", (20,), "advancement success-rate 0.97 < 0.99"),
    "1.2.0": Outcome("Failed", (20,), "advancement latency"),
    "1.4.0": Outcome("Failed", (0,), "updated replicas are available"),
    "1.5.0": Outcome("Failed", (20, 50), "advancement restarts"),
    "1.6.0": Outcome("Failed", (50,), "advancement success-rate", rate=100),
    "1.7.0": Outcome("Failed", (20, 50), "advancement by-route", rate=60),
    "1.10.0": Outcome("Succeeded", (50,), "Promotion completed"),
}
SHORT = ("1.9.0", "1.1.0", "1.2.0")
RUN = OUTCOMES if ALL else SHORT
NOT_NOW = pytest.mark.skip(reason="takes the whole ladder: FLOTILLA_LADDER=all")
OWNED = ("--set", "service.create=false", "--set", "replicas=null", "--set", "resources.requests.cpu=25m")
# Seven checks, one in 30 s, and the pods' starts; or the progress deadline of 300 s, which the next check sees.
SECONDS = 420


@pytest.fixture(scope="module")
def flagger(prometheus: str, ingress: str) -> None:
    if not has("canaries.flagger.app"):
        pytest.skip("the cluster has no Flagger")


@dataclass
class Ended(Answered):
    phase: str
    weight: int
    serving: str
    statuses: Counter[str]
    versions: Counter[str]
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
        with traffic("hello", home, SECONDS, OUTCOMES[rung.version].rate) as loads:
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
def ended(request: pytest.FixtureRequest, flagger: None) -> Iterator[dict[str, Future[Ended]]]:
    mine = [item.callspec.params["version"] for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    asked = {*mine, "1.1.0"} & {*RUN}
    with ThreadPoolExecutor(len(asked)) as pool:
        yield {version: pool.submit(release, Rung("hello", version)) for version in asked}


@pytest.mark.parametrize("version", [pytest.param(version, marks=[] if version in RUN else NOT_NOW) for version in OUTCOMES])
def test_flagger_promotes_what_is_good_and_rolls_the_rest_back(version: str, ended: dict[str, Future[Ended]]) -> None:
    seen, expected = ended[version].result(), OUTCOMES[version]
    assert (seen.phase, seen.serving) == (expected.phase, version if expected.phase == "Succeeded" else "1.0.0"), seen
    assert seen.weight in expected.weights, seen
    assert expected.reason in seen.events, seen
    assert seen.versions.keys() - {"-"} == ({"1.0.0", version} if seen.weight else {"1.0.0"}), seen


@pytest.mark.parametrize("version", [pytest.param(version, marks=[] if version in RUN else NOT_NOW) for version in OUTCOMES])
def test_nobody_is_left_without_an_answer_but_by_what_crashes(version: str, ended: dict[str, Future[Ended]]) -> None:
    seen, lost = ended[version].result(), Rung("hello", version).release["lost"]
    assert (seen.lost > 0) == (lost == "some"), seen
    # Whoever failed, it was the rung.
    most = {"1.1.0": 0.03 * seen.versions[version] + 2, "1.6.0": seen.versions[version], "1.7.0": 0.01 * seen.versions[version]}
    assert seen.failed <= most.get(version, 0), seen


def test_the_measurement_that_decided_is_what_was_injected(ended: dict[str, Future[Ended]]) -> None:
    said = [line for line in ended["1.1.0"].result().events.splitlines() if "advancement success-rate" in line]
    # The first may be of a pod's first seconds.
    assert said and said[-1].endswith("0.97 < 0.99"), said
