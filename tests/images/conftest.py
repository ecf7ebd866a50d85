"""Fixtures: the five services, of which each has one image."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "service" in metafunc.fixturenames:
        metafunc.parametrize("service", SERVICES, scope="session")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
