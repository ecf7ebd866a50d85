"""What the tests of docker/ share: the compose file as the Compose Specification's own loader reads it."""

import json
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLEET = ["hello", "product-api", "storefront", "main-api", "auxiliary-service"]
OTELCOL = ROOT / ".venv/bin/otelcol"
BINARIES = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"


@pytest.fixture(scope="session")
def model() -> dict:
    """compose.yaml with anchors, defaults and short forms resolved."""
    return json.loads(Path(os.environ["COMPOSE_MODEL"]).read_text())


@pytest.fixture(scope="session")
def services(model) -> dict:
    return model["services"]
