"""Processes of a test's own: started on free loopback ports, waited for, and ended by their ids."""

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(what: str, check: Callable[[], object], seconds: float = 60):
    """Polls until `check` returns something true, and returns it; an exception of it counts as not yet."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        try:
            if found := check():
                return found
        except Exception as error:
            last = error
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}; last: {last!r}")


class Processes:
    """Ends what it started, the last first."""

    def __init__(self, directory: Path):
        self.directory = directory
        self._running: list[tuple[subprocess.Popen, Path]] = []

    def start(self, name: str, command: list, environment: dict[str, str], cwd: Path | None = None) -> None:
        """Starts it with this environment, a PATH, and nothing else; what it prints is in `<name>.log`."""
        log = self.directory / f"{name}.log"
        environment = {"PATH": os.environ["PATH"], **environment}
        with log.open("wb") as output:
            process = subprocess.Popen(command, env=environment, cwd=cwd, stdout=output, stderr=subprocess.STDOUT)
        self._running.append((process, log))

    def dead(self) -> list[str]:
        """The logs of those that have ended by themselves."""
        return [f"{log.name}:\n{log.read_text()}" for process, log in self._running if process.poll() is not None]

    def stop(self) -> None:
        for process, _ in reversed(self._running):
            process.terminate()
        for process, _ in self._running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
