"""Every rung of the release ladder on the real Argo Rollouts, with users whose every request is counted.

They run side by side, each in a namespace of its own; the tests then look at what came of them. All of them take 20 minutes, so
a run of everything has those that the first minutes decide; FLOTILLA_LADDER=all, or a selection that names the ladder, has all.
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass

import pytest
from support.kubectl import kubectl, within
from support.ladder import Rung, every_rung
from support.ladder_alone import Alone, watch
from support.ladder_controller import Controller
from support.ladder_replace import Report, replaced
from support.ladder_rollout import Ended, roll_out
from support.ladder_room import side_by_side
from support.ladder_service import put, reachable, surroundings
from support.prometheus import api_server
from support.rendering import ROOT

ALL = os.environ.get("FLOTILLA_LADDER") == "all" or "ladder" in os.environ.get("CLUSTER_TESTS", "")
SHORT = [Rung("hello", version) for version in ("1.1.0", "1.4.0", "1.5.0", "1.8.0")]
NOT_NOW = pytest.mark.skip(reason="takes the whole ladder: FLOTILLA_LADDER=all")
RUNGS = every_rung()
# Half of the difference between an error rate that its objective allows and the injected one would hide in more.
POINTS = 0.003


def each(rungs: list[Rung], short: list[Rung]) -> pytest.MarkDecorator:
    """None is left out without a word."""
    params = [pytest.param(rung, id=rung.name, marks=[] if ALL or rung in short else NOT_NOW) for rung in rungs]
    return pytest.mark.parametrize("rung", params)


@dataclass
class Seen:
    rollout: Ended
    # What each analysis says alone; where nothing was decided before the end, each was.
    alone: Alone | None = None
    # What its users saw when it was replaced afterwards.
    replaced: Report | None = None


def see(rung: Rung, api: str) -> Seen:
    with surroundings(rung) as home:
        controller = Controller(api, home, rung.service)
        put(rung, rung.stable, home, {})
        within(300, f"{rung.stable} before {rung.name} is healthy", lambda: controller.status().get("phase") == "Healthy", 2)
        reachable(rung, home)
        seen = Seen(roll_out(rung, controller))
        if ALL and rung.release["final"] == "aborted":
            seen.alone = watch(rung, controller)
        if ALL and rung.service == "hello" and rung.release["final"] == "promoted":
            seen.replaced = replaced(home)
        return seen


Found = dict[Rung, Future[Seen]]


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest, rollouts: None, prometheus: str, ingress: str) -> Iterator[Found]:
    folder = str(ROOT / "gitops/rollouts")
    mine = [item for item in request.session.items if item.path == request.path and not item.get_closest_marker("skip")]
    rungs = {item.callspec.params["rung"] for item in mine if hasattr(item, "callspec")}
    kubectl("apply", "-k", folder)
    try:
        with api_server() as api:
            yield side_by_side(sorted(rungs, key=RUNGS.index), lambda rung: see(rung, api))
    finally:
        kubectl("delete", "-k", folder, "--ignore-not-found")


@each(RUNGS, SHORT)
def test_a_rollout_ends_as_the_table_says(rung: Rung, found: Found) -> None:
    release, seen = rung.release, found[rung].result().rollout
    assert (seen.outcome, seen.step, seen.by) == (release["final"], release.get("step"), release.get("by")), seen
    assert seen.serving == (rung.version if release["final"] == "promoted" else rung.stable)


@each(RUNGS, SHORT)
def test_nobody_but_the_rung_fails_and_only_what_the_table_says_is_lost(rung: Rung, found: Found) -> None:
    lost, seen = rung.release["lost"], found[rung].result().rollout
    if lost == "some":
        assert 0 < seen.lost < 0.1 * seen.statuses.total(), seen
    else:
        assert seen.lost == 0, seen
    if rung.release.get("by") == "stable-success-rate":
        # Whoever is not served by it.
        assert seen.failed > 0, seen
    elif rung.version == "1.8.0":
        # Wrong, and yet 200.
        assert seen.failed == 0 < seen.injected, seen
    else:
        # It says of each whom it failed; the analyses ask it too, some dozen times.
        assert seen.injected - 40 <= seen.failed <= seen.injected, seen


@each(RUNGS, [])
def test_each_analysis_says_what_the_table_says(rung: Rung, found: Found) -> None:
    seen = found[rung].result()
    said = seen.alone or seen.rollout
    expected = {name: verdict for name, verdict in rung.release["verdicts"].items() if verdict != "either"}
    assert {name: said.verdicts.get(name) for name in expected} == expected, said.said
    assert said.verdicts.keys() == rung.release["verdicts"].keys()


FAILING = [rung for rung in RUNGS if rung.error_rate]


@each(FAILING, FAILING)
def test_the_controller_measures_the_error_rate_that_is_injected(rung: Rung, found: Found) -> None:
    seen = found[rung].result()
    # What decided; the ones before may be of a pod's first seconds.
    assert seen.rollout.measured[-1] == pytest.approx(1 - rung.error_rate, abs=POINTS), seen.rollout.said
    for share in seen.alone.measured[-5:] if seen.alone else []:
        assert share == pytest.approx(1 - rung.error_rate, abs=POINTS), seen.alone


@each([rung for rung in RUNGS if rung.service == "hello" and rung.release["final"] == "promoted"], [])
def test_a_release_loses_requests_when_it_is_replaced_if_the_table_says_so(rung: Rung, found: Found) -> None:
    report = found[rung].result().replaced
    assert report["sent"] > 500
    assert (report["lost"] > 0) == (rung.release["lost"] == "when replaced"), report


@each([Rung("product-api", "1.2.0")], [])
def test_what_no_analysis_sees_the_hit_ratio_does(rung: Rung, found: Found) -> None:
    reads = found[rung].result().rollout.cache
    hits, misses = reads[rung.version]
    assert hits == 0 < misses
    good, _ = reads[rung.stable]
    assert good > 0
