"""Programs of a few lines that do what a controller does, with the controller's own Go packages."""

import shutil
import subprocess
from pathlib import Path

import pytest


def built(source: Path, into: Path) -> Path:
    """The program of a folder; the test is skipped where Go or its modules cannot be had."""
    if not shutil.which("go"):
        pytest.skip(f"go is missing: {source.name} cannot be built")
    fetched = subprocess.run(["go", "mod", "download"], cwd=source, capture_output=True, text=True)
    if fetched.returncode != 0:
        pytest.skip(f"the modules of {source.name} cannot be had: {fetched.stderr}")
    program = into / source.name
    subprocess.run(["go", "build", "-o", program, "."], cwd=source, check=True)
    return program
