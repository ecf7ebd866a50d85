"""Ways from this machine to a service of the cluster."""

import itertools
import os
from urllib.parse import urlsplit

from support.kubectl import apply, within
from support.rendering import text

# kind maps these to the loopback (tests/cluster/kind.yaml): four for each process that tests are spread over.
FIRST = 30880 + 4 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
PORTS = itertools.cycle(range(FIRST, FIRST + 4))


def node_port(namespace: str, service: str, name: str = "outside") -> str:
    """A NodePort for the pods of a service, and its URL."""
    port = next(PORTS)
    exposed = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"{service}-{name}", "namespace": namespace},
        "spec": {
            "type": "NodePort",
            "selector": {"app.kubernetes.io/name": service},
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "nodePort": port}],
        },
    }
    # One that the namespace of an earlier test has is free when that is gone.
    within(120, f"port {port} is free", lambda: apply(text([exposed])) is None)
    return f"http://{os.environ['FLOTILLA_NODE']}:{port}"


def gateway(namespace: str) -> None:
    """A Gateway of Traefik's, named tests, for an HTTPRoute to attach to; its listener is the port that Traefik has."""
    port = urlsplit(os.environ["FLOTILLA_INGRESS"]).port or 80
    listener = {"name": "http", "protocol": "HTTP", "port": port, "allowedRoutes": {"namespaces": {"from": "Same"}}}
    made = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "tests", "namespace": namespace},
        "spec": {"gatewayClassName": "traefik", "listeners": [listener]},
    }
    apply(text([made]))
