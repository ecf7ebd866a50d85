"""The variables that a service reads, as its own `--help` tells them."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
OPTION = re.compile(r"^ +--[\w-]+ <[^>]+>\s+(?P<help>.+?) \[env: (?P<name>\w+)\]", re.MULTILINE)

# What the chart relies on (the ports of the probes and the Service), sets itself, or leaves to the image.
TAKEN = {"HTTP_ADDR", "MANAGEMENT_ADDR", "FAULTS_FILE", "BUILD_COMMIT"}


def of(service: str) -> tuple[dict[str, str], dict[str, str]]:
    """Name and meaning of those that are no secret, and of those that are."""
    binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / service
    if not binary.exists():
        raise SystemExit(f"{binary} is missing: cargo build -p {service}")
    text = subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout
    plain, _, secret = text.partition("\nSecrets:\n")
    return options(plain), options(secret)


def options(text: str) -> dict[str, str]:
    found = list(OPTION.finditer(text))
    assert len(found) == text.count("[env: "), "an option of --help was not understood"
    return {match["name"]: match["help"] for match in found if match["name"] not in TAKEN}
