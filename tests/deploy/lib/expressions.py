"""Kargo's expressions, evaluated with the language that Kargo uses (tests/deploy/expressions)."""

import functools
import json
import shutil
import subprocess
from typing import Any

from lib.render import ROOT, scratch


class Unavailable(Exception):
    """There is nothing to evaluate with; the text is why."""


@functools.cache
def program() -> str:
    if not shutil.which("go"):
        raise Unavailable("go is missing: Kargo's expressions cannot be evaluated")
    source, built = ROOT / "tests/deploy/expressions", scratch() / "expressions"
    fetched = subprocess.run(["go", "mod", "download"], cwd=source, capture_output=True, text=True)
    if fetched.returncode != 0:
        raise Unavailable(f"the language of Kargo's expressions cannot be had: {fetched.stderr}")
    subprocess.run(["go", "build", "-o", built, "."], cwd=source, check=True)
    return str(built)


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
