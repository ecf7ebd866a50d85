"""Lists leave no default to the API server, in any combination of switches; why is in tests/deploy/lib/defaults.py."""
import pytest
from cases import all_renderings
from lib import defaults, schemas
from lib.render import SERVICES


@pytest.mark.parametrize("chart", SERVICES)
def test_lists_are_whole(chart):
    assert omitted(chart, False) == set()


@pytest.mark.skipif(not defaults.CRDS.is_dir(), reason="the schemas of custom resources are not there")
@pytest.mark.parametrize("chart", SERVICES)
def test_lists_of_custom_resources_are_whole(chart):
    assert omitted(chart, True) == set()


def omitted(chart, custom):
    every = (obj for objects in all_renderings(chart).values() for obj in objects)
    chosen = (obj for obj in every if schemas.is_custom(obj) == custom and obj["apiVersion"] not in schemas.WITHOUT_SCHEMA)
    return {path for obj in chosen for path in defaults.omitted(obj)}
