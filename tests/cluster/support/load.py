"""`flotilla load` beside a test: every request is numbered, and a lost one is seen."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
FLOTILLA = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "flotilla"


class Load:
    """A bounded load. It ends by itself; `stop` ends it early and counts what was sent until then."""

    def __init__(self, url: str, rate: float, seconds: int, *options: str) -> None:
        command = [FLOTILLA, "load", url, "--rate", f"{rate}/s", "--for", f"{seconds}s", "--json", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.began = time.monotonic()

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def report(self) -> dict[str, Any]:
        """Waits for the end."""
        out, err = self.process.communicate(timeout=900)
        assert out, err
        return json.loads(out)

    def stop(self) -> dict[str, Any]:
        self.process.terminate()
        return self.report()


def without_loss(report: dict[str, Any], statuses: tuple[str, ...] = ("200",)) -> int:
    """Holds that every request was answered, and well; returns how many there were."""
    assert report["lost"] == 0, report
    assert set(report["status"]) <= set(statuses), report
    return report["sent"]
