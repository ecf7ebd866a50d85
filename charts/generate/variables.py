"""The variables that a service reads, as its own `--help` tells them."""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
OPTION = re.compile(r"^ +--[\w-]+ <(?P<kind>[^>]+)>\s+(?P<help>.+?) \[env: (?P<name>\w+)\]", re.MULTILINE)

# What the chart relies on (the ports of the probes and the Service), sets itself, or leaves to the image.
TAKEN = {"HTTP_ADDR", "MANAGEMENT_ADDR", "FAULTS_FILE", "RELEASE_FAULTS_FILE", "BUILD_COMMIT"}
# What it sets by what `tracing` says.
TAKEN |= {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_RESOURCE_ATTRIBUTES"}


class Variable(NamedTuple):
    """`kind` is what --help shows in place of the value, such as SECONDS."""

    kind: str
    meaning: str


def of(service: str) -> tuple[dict[str, Variable], dict[str, Variable]]:
    """Those that are no secret, and those that are, by name."""
    binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / service
    if not binary.exists():
        raise SystemExit(f"{binary} is missing: cargo build -p {service}")
    text = subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout
    assert all(f"[env: {name}" in text for name in TAKEN), f"{service} has no longer what the chart sets"
    plain, _, secret = text.partition("\nSecrets:\n")
    return options(plain), options(secret)


def options(text: str) -> dict[str, Variable]:
    found = list(OPTION.finditer(text))
    assert len(found) == text.count("[env: "), "an option of --help was not understood"
    return {m["name"]: Variable(m["kind"], m["help"]) for m in found if m["name"] not in TAKEN}
