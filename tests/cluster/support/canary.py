"""hello as a canary: by the chart with each traffic router that a test can bring, and by the staging overlay."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from support.client import Answer, ask
from support.exposure import node_port
from support.kubectl import apply
from support.rendering import Document, chart, overlay_with, text
from support.rollout import Rollout

# Without a router the pods share the traffic by their number: a quarter is one of four.
ROUTERS = ("none", "nginx", "traefik")
STEPS = '[{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]'


@dataclass
class Canary:
    namespace: str
    render: Callable[[str], list[Document]]
    # At which steps it pauses, and which share of the requests the canary has then.
    pauses: dict[int, float]
    # Empty: a NodePort of its own.
    host: str = ""
    url: str = ""

    @property
    def rollout(self) -> Rollout:
        return Rollout(self.namespace)

    @property
    def load_options(self) -> tuple[str, ...]:
        """Which pod a request goes to is decided for each connection, or, by an ingress controller, for each request."""
        return ("--header", f"Host: {self.host}") if self.host else ("--new-connections",)

    def release(self, tag: str) -> None:
        apply(text(self.render(tag)), "--namespace", self.namespace)

    def ask(self, path: str = "/success") -> Answer:
        return ask(self.url + path, headers={"Host": self.host} if self.host else {})


def by_chart(home: str, router: str) -> Canary:
    # Not that of an earlier test, whose namespace is still going.
    host = "" if router == "none" else f"{home}.flotilla.local"
    values = ["--set", "rollout.enabled=true", "--set-json", f"rollout.steps={STEPS}", "--set", "config.data.READINESS_DELAY_SEC=1"]
    if router == "none":
        values += ["--set", "replicas=4"]
    else:
        values += ["--set", f"rollout.trafficRouter={router}", "--set", "ingress.enabled=true", "--set", f"ingress.hosts={{{host}}}"]
    if router == "nginx":
        values += ["--set", "ingress.className=nginx"]
    url = os.environ["FLOTILLA_INGRESS"] if host else node_port(home, "hello")
    return Canary(home, lambda tag: chart("hello", home, *values, "--set", f"image.tag={tag}"), {1: 0.25, 3: 0.5}, host, url)


def by_staging(home: str) -> Canary:
    """What the overlay has of hello, in another namespace and under Traefik's class for nginx's annotations."""

    def render(tag: str) -> list[Document]:
        found = overlay_with("staging", images=[{"name": "flotilla/hello", "newTag": tag}])
        mine = [d for d in found if d["metadata"].get("labels", {}).get("app.kubernetes.io/name") == "hello"]
        for document in mine:
            document["metadata"]["namespace"] = home
            if document["kind"] == "Ingress":
                document["spec"]["ingressClassName"] = "nginx"
        return mine

    return Canary(home, render, {1: 0.5}, "hello.staging.flotilla.local", os.environ["FLOTILLA_INGRESS"])
