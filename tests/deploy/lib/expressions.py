"""Kargo's expressions, evaluated with the language that Kargo uses (tests/deploy/expressions)."""

import functools
import json
import subprocess
from pathlib import Path
from typing import Any

from lib.program import built
from lib.render import ROOT, scratch


@functools.cache
def program() -> Path:
    """Skips the test where it cannot be had."""
    return built(ROOT / "tests/deploy/expressions", scratch())


def ask(**request: Any) -> Any:
    done = subprocess.run([program()], input=json.dumps(request), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def evaluated(config: Any, environment: dict[str, Any], images: dict[str, str]) -> Any:
    """The same, with the value of each expression in its place."""
    if isinstance(config, dict):
        return {key: evaluated(value, environment, images) for key, value in config.items()}
    if isinstance(config, list):
        return [evaluated(value, environment, images) for value in config]
    if isinstance(config, str) and "${{" in config:
        return ask(text=config, environment=environment, images=images)
    return config
