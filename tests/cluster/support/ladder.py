"""The rungs of the release ladder: their files, the service that runs one, and its traffic."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property

import yaml
from support.client import ask
from support.kubectl import Object, apply
from support.load import Load
from support.rendering import ROOT, Document, chart, text


@dataclass(frozen=True)
class Rung:
    service: str
    version: str

    @cached_property
    def release(self) -> Object:
        return yaml.safe_load((ROOT / "ladder" / self.service / f"{self.version}.yaml").read_text())["release"]

    @property
    def name(self) -> str:
        return f"{self.service}-{self.version}"

    def home(self, prefix: str) -> str:
        """The beginning of its namespace's name."""
        return f"flotilla-{prefix}-{self.name.replace('.', '-')}"


def host(home: str) -> str:
    return f"{home}.local"


def answers(home: str) -> bool:
    return ask(f"{os.environ['FLOTILLA_INGRESS']}/version", headers={"Host": host(home)}).status == 200


def rendered(rung: Rung, tag: str, home: str, values: Object) -> list[Document]:
    """The service with its way in; `values` go before."""
    ingress = {"enabled": True, "className": "traefik", "hosts": [host(home)]}
    merged = {"image": {"tag": tag}, "ingress": ingress, **values}
    options = [option for key, value in merged.items() for option in ("--set-json", f"{key}={json.dumps(value)}")]
    return chart(rung.service, home, *options)


def deploy(rung: Rung, tag: str, home: str, values: Object) -> None:
    apply(text(rendered(rung, tag, home, values)), "--namespace", home)


# Who asks for what: path and share of the requests.
USERS = (("/success", 0.9), ("/work?cpu=0ms&sleep=5ms", 0.1))
# Requests a second to all versions together: few, because rungs run side by side.
RATE = 20


@contextmanager
def traffic(home: str, seconds: int) -> Iterator[list[Load]]:
    options = ("--header", f"Host: {host(home)}")
    with ExitStack() as stack:
        yield [
            stack.enter_context(Load(os.environ["FLOTILLA_INGRESS"] + path, RATE * share, seconds, *options)) for path, share in USERS
        ]


def counted(loads: list[Load]) -> tuple[Counter[str], Counter[str]]:
    """Ends the traffic: answers by status, `none` for those that never came, and by version."""
    statuses, versions = Counter[str](), Counter[str]()
    for report in [load.stop() for load in loads]:
        statuses.update({**report["status"], "none": report["lost"]})
        versions.update({version: part["count"] for version, part in report["versions"].items()})
    return +statuses, versions
