"""Rungs of the release ladder on the real Argo Rollouts, with every analysis watching and users whose every request is counted.

They run side by side, each in a namespace of its own; the tests then look at what came of them.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.kubectl import kubectl
from support.ladder import Rung
from support.ladder_rollout import Ended, roll_out
from support.rendering import ROOT

# Those that the first step decides.
RUNGS = [Rung("hello", version) for version in ("1.1.0", "1.4.0", "1.5.0", "1.8.0")]


@pytest.fixture(scope="module")
def ended(rollouts: None, prometheus: str, ingress: str) -> Iterator[dict[Rung, Ended]]:
    folder = str(ROOT / "gitops/rollouts")
    kubectl("apply", "-k", folder)
    try:
        with ThreadPoolExecutor(len(RUNGS)) as pool:
            yield dict(zip(RUNGS, pool.map(roll_out, RUNGS), strict=True))
    finally:
        kubectl("delete", "-k", folder, "--ignore-not-found")


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
def test_a_rollout_ends_as_the_table_says(rung: Rung, ended: dict[Rung, Ended]) -> None:
    release, seen = rung.release, ended[rung]
    assert (seen.outcome, seen.step, seen.by) == (release["final"], release["step"], release["by"]), seen
    assert seen.serving == "1.0.0"
    if release["lost"] == "none":
        assert seen.lost == 0, seen
    else:
        assert 0 < seen.lost < 0.1 * seen.statuses.total(), seen
    # Nothing but the rung failed, and that as often as its rule says.
    failed = seen.statuses.total() - seen.statuses["200"] - seen.lost
    assert failed <= (0.03 * seen.versions[rung.version] + 2 if release["by"] == "success-rate" else 0), seen
