"""The services of the ladder and what they need around them."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager

from support.backends import backends, volume
from support.kubectl import Object, apply, get, kubectl, rolled_out, within
from support.ladder import Rung, answers, deploy, host, ingress
from support.namespace import namespace
from support.rendering import text

SECRETS = ["product-api-database", "product-api-cache"]
# A small node has room for many that ask for little, side by side.
LITTLE = {"requests": {"cpu": "25m"}}
# What the schema changes have their own view in.
SEARCH_PATH = "?options=-csearch_path%3Dv2,public"


@contextmanager
def surroundings(rung: Rung) -> Iterator[str]:
    """A namespace with what the service needs."""
    with namespace(rung.home("ladder")) as home, volume(home):
        if rung.service == "product-api":
            apply(text(backends(home)))
        yield home


def put(rung: Rung, version: str, home: str, rollout: Object, annotations: dict[str, str] | None = None) -> None:
    """Its service as a Rollout, at a version."""
    values = {"rollout": {"enabled": True, **rollout}, "podAnnotations": annotations or {}, "resources": LITTLE, **own(rung, version)}
    if rung.service != "auxiliary-service":
        values["rollout"]["trafficRouter"] = "traefik"
        values["ingress"] = ingress(home)
    deploy(rung.service, version, home, values)


def own(rung: Rung, version: str) -> Object:
    if rung.service == "product-api":
        variables = rung.release.get("variables", {}) if version == rung.version else {}
        return {"secret": {"existing": SECRETS}, "env": [{"name": name, "value": database() + SEARCH_PATH} for name in variables]}
    if rung.service == "auxiliary-service":
        # No router weighs what main-api asks: four pods and the canary share its connections, which therefore must not last.
        return {"replicas": 4, "config": {"data": {"ENVIRONMENT": "local", "AWS_BACKEND": "embedded", "IDLE_TIMEOUT_SEC": "0.02"}}}
    # With a second pod a restart leaves nobody without one, so that who loses a request is the release.
    return {"replicas": 2 if rung.release["final"] == "promoted" else 1}


def database() -> str:
    [secret] = [d for d in backends("any") if (d["kind"], d["metadata"]["name"]) == ("Secret", "product-api-database")]
    return base64.b64decode(secret["data"]["DATABASE_URL"]).decode()


def reachable(rung: Rung, home: str) -> None:
    """Opens its users' way in, once it is there."""
    if rung.service == "auxiliary-service":
        # Not before it: what connects to an address that no node knows yet would keep a connection to whoever else has it. By its
        # address: now and then one of so many lookups takes five seconds.
        address = get("service", rung.service, home)["spec"]["clusterIP"]
        config = {"data": {"ENVIRONMENT": "local", "AUXILIARY_SERVICE_URL": f"http://{address}:8001"}}
        deploy("main-api", "0.1.0", home, {"replicas": 2, "resources": LITTLE, "ingress": ingress(home), "config": config})
        rolled_out(home, "main-api")
    within(60, f"{host(home)} leads to {rung.service}", lambda: answers(home), 2)


def migrate(home: str, script: str) -> None:
    """Runs SQL where the database is, as its owner."""
    command = ("psql", "--no-psqlrc", "--quiet", "--username=flotilla", "--dbname=flotilla", "--set=ON_ERROR_STOP=1")
    kubectl("-n", home, "exec", "-i", "postgres-0", "--", *command, stdin=script)
