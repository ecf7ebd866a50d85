"""Ways from this machine to a service of the cluster."""

import itertools
import os

from support.kubectl import apply
from support.rendering import text

# kind maps these to the loopback (tests/cluster/kind.yaml). Tests run one after the other, and each asks for few.
PORTS = itertools.cycle(range(30880, 30884))


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
    apply(text([exposed]))
    return f"http://{os.environ['FLOTILLA_NODE']}:{port}"
