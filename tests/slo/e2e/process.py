"""Programs that a test starts for itself: ended with it, by their ids, also when it fails."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[3]
BINARIES = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"

Value = TypeVar("Value")


def within(seconds: float, what: str, probe: Callable[[], Value | None]) -> Value:
    """Polls until the probe gives a value that is true."""
    deadline = time.monotonic() + seconds
    while True:
        if value := probe():
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


class Process:
    """A program in the foreground with exactly these variables; its output is kept."""

    def __init__(self, *command: str | Path, variables: dict[str, str] | None = None) -> None:
        self.lines: list[str] = []
        # Its end is ours, also when this process is killed and no fixture ends anything.
        bound = ["setpriv", "--pdeathsig", "KILL", *command]
        self.popen = subprocess.Popen(
            [str(part) for part in bound],
            env=variables or {},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        for line in self.popen.stdout or ():
            self.lines.append(line)

    def running(self) -> bool:
        return self.popen.poll() is None

    def stop(self) -> None:
        self.popen.kill()
        self.popen.wait()


class Service(Process):
    """A service of the fleet on free ports of the loopback."""

    def __init__(self, binary: str, **variables: str) -> None:
        base = {
            "HTTP_ADDR": "127.0.0.1:0",
            "MANAGEMENT_ADDR": "127.0.0.1:0",
            "DRAIN_DELAY_SEC": "0",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "info,http=off",
            "ENVIRONMENT": "production",
        }
        super().__init__(BINARIES / binary, variables=base | variables)
        listening = within(20, f"{binary} listens", self._listening)
        self.public: str = listening["http"]
        self.management: str = listening["management"]
        self.url = f"http://{self.public}"

    def _listening(self) -> dict[str, str] | None:
        assert self.running(), "".join(self.lines)
        logged = (json.loads(line) for line in list(self.lines) if line.startswith("{"))
        return next((line for line in logged if line.get("message") == "listening"), None)
