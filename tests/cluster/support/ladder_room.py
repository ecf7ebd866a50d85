"""Rungs side by side, as many as the machine has room for: on a busy one every latency lies."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from support.ladder import Rung
from support.ladder_traffic import RATE, RATES

T = TypeVar("T")
# Requests a second of all together, where what its pods cost beside their requests counts as ten.
ROOM, PODS = 450, 10
# Seconds from one to the next: what starts costs more than what runs.
APART = 4


class Room:
    def __init__(self) -> None:
        self.free = ROOM
        self.changed = threading.Condition()

    def take(self, much: int) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.free >= much)
            self.free -= much

    def give(self, much: int) -> None:
        with self.changed:
            self.free += much
            self.changed.notify_all()


def cost(rung: Rung) -> int:
    return RATES.get(rung.name, RATE) + PODS


def side_by_side(rungs: list[Rung], work: Callable[[Rung], T]) -> dict[Rung, Future[T]]:
    """Begins with those that take longest: what is aborted is watched a second time."""
    room = Room()

    def run(rung: Rung) -> T:
        try:
            return work(rung)
        finally:
            room.give(cost(rung))

    begun = {}
    with ThreadPoolExecutor(max(1, len(rungs))) as pool:
        for rung in sorted(rungs, key=lambda rung: (rung.release["final"] != "aborted", -cost(rung))):
            room.take(cost(rung))
            begun[rung] = pool.submit(run, rung)
            time.sleep(APART)
    return begun
