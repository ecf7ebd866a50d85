"""Writes the dashboards: `python3 monitoring/dashboards/build.py`; with --check it says which are not up to date."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import canary
import fleet
import service
import slo

DIRECTORY = Path(__file__).parent


def main() -> int:
    stale = []
    for module in (fleet, service, canary, slo):
        path = DIRECTORY / f"{module.UID}.json"
        text = json.dumps(module.build(), indent=2) + "\n"
        if path.exists() and path.read_text() == text:
            continue
        stale.append(path.name)
        if "--check" not in sys.argv:
            path.write_text(text)
    if stale and "--check" in sys.argv:
        print(f"not up to date, run monitoring/dashboards/build.py: {', '.join(stale)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
