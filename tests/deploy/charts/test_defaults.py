"""Lists leave no default to the API server, in any combination of switches; why is in tests/deploy/lib/defaults.py."""
import pytest
from cases import all_renderings
from lib import defaults, schemas
from lib.render import SERVICES


@pytest.mark.parametrize("chart", SERVICES)
def test_lists_are_whole(chart):
    found = {path for objects in all_renderings(chart).values() for obj in objects if not schemas.is_custom(obj)
             for path in defaults.omitted(obj)}
    assert found == set()
