"""One fleet for all, and a Prometheus of its own for each phase."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from e2e import phase  # noqa: E402  (after the path)
from e2e.fleet import NO_RULES, Fleet  # noqa: E402
from e2e.flotilla import Drill, drill  # noqa: E402
from e2e.phase import Phase  # noqa: E402

# 30 times the budget of 99.9 %: 3 % of all requests.
DRILL = ("--burn", "30", "--for", "10m", "--history", "none")
SLOW = "rules:\n  - name: slow\n    latency: 450ms\n"


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    for tool in ("prometheus", "redis-server"):
        if not shutil.which(tool):
            assert os.environ.get("CI") != "true", f"{tool} is not installed"
            pytest.skip(f"{tool} is not installed")
    fleet = Fleet(tmp_path_factory.mktemp("fleet"))
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.stop()


@pytest.fixture(scope="session")
def held() -> Drill:
    return drill(*DRILL)


def run(fleet: Fleet, directory: Path, rules: str, *, excluded: bool = False) -> Iterator[Phase]:
    fleet.inject(rules)
    done = phase.run(fleet, directory, excluded=excluded)
    try:
        yield done
    finally:
        done.prometheus.stop()


@pytest.fixture(scope="session")
def clean(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phase]:
    """No fault; some requests that no objective is about."""
    yield from run(fleet, tmp_path_factory.mktemp("clean") / "prometheus", NO_RULES, excluded=True)


@pytest.fixture(scope="session")
def errors(fleet: Fleet, held: Drill, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phase]:
    """hello fails 3 % of all requests, by the drill's own rule; none of them is one that no objective is about."""
    yield from run(fleet, tmp_path_factory.mktemp("errors") / "prometheus", held.text)


@pytest.fixture(scope="session")
def slow(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phase]:
    """hello takes 450 ms longer for every request."""
    yield from run(fleet, tmp_path_factory.mktemp("slow") / "prometheus", SLOW)
