"""The users of a rung: what they ask for, and what became of each of their requests."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from support.ladder import host
from support.load import Load


@dataclass(frozen=True)
class Users:
    """Some who ask for the same."""

    path: str
    share: float
    options: tuple[str, ...] = ()


# The tenant's share is a little less than a twentieth of a tenth, so that between two of its requests come 207, and some, of all. A
# router gives the canary every fifth in turn: of 200 it would have all of the tenant's, or none.
HELLO = (
    Users("/success", 0.9),
    Users("/work?cpu=0ms&sleep=5ms", 0.095),
    Users("/work?cpu=0ms&sleep=5ms", 0.00482, ("--header", "x-tenant: tenant-07")),
)
CHANGED = ("--method", "PUT", "--header", "content-type: application/json", "--body", '{"stock": 7}')
USERS = {
    "hello": HELLO,
    "product-api": (Users("/products?limit=20", 0.5), Users("/products/1", 0.4), Users("/products/2", 0.1, CHANGED)),
    # They ask main-api, which asks it.
    "auxiliary-service": (Users("/s3-buckets", 0.5), Users("/parameters", 0.5)),
}

# Requests a second to all versions together: enough for each analysis to have its hundred of the canary's in two minutes. Rungs
# run side by side.
RATE = 20
RATES = {
    # Three points are to be told from those beside it.
    "hello-1.1.0": 60,
    # Half of them are more than it takes, a fifth is not.
    "hello-1.6.0": 100,
    # A tenth of a fifth has to be a hundred in two minutes.
    "hello-1.7.0": 60,
}


class Answered:
    """What became of the requests of all users, as `counted` says it."""

    statuses: Counter[str]
    versions: Counter[str]

    @property
    def lost(self) -> int:
        """Requests that no version answered: the proxy did, or nobody."""
        return self.statuses["none"] + self.versions["-"]

    @property
    def failed(self) -> int:
        return self.statuses.total() - self.statuses["200"] - self.lost


@contextmanager
def traffic(service: str, home: str, seconds: int, rate: float = RATE) -> Iterator[list[Load]]:
    with ExitStack() as stack:
        options = ("--header", f"Host: {host(home)}")
        address = os.environ["FLOTILLA_INGRESS"]
        # What a float has beyond six digits is no rate to whoever reads it.
        asked = [(users, round(rate * users.share, 6)) for users in USERS[service]]
        yield [stack.enter_context(Load(address + users.path, each, seconds, *options, *users.options)) for users, each in asked]


def counted(loads: list[Load]) -> tuple[Counter[str], Counter[str]]:
    """Ends the traffic: answers by status, `none` for those that never came, and by version."""
    statuses, versions = Counter[str](), Counter[str]()
    for report in [load.stop() for load in loads]:
        statuses.update({**report["status"], "none": report["lost"]})
        versions.update({version: part["count"] for version, part in report["versions"].items()})
    return +statuses, versions
