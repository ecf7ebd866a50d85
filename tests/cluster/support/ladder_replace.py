"""What is lost when a release is replaced without anybody who moves its users first."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from support.client import ask
from support.exposure import node_port
from support.kubectl import get, kubectl, pods, ready, within
from support.load import Load

Report = dict[str, Any]
# Ten requests in flight at every moment.
PATH, RATE = "/work?cpu=0ms&sleep=200ms", 50


def replaced(home: str) -> Report:
    """Restarts hello's pods one after the other, as `kubectl argo rollouts restart` does: what `flotilla load` says of it."""
    replicas = get("rollout", "hello", home)["spec"]["replicas"]
    within(120, "the version before is gone", lambda: len(pods(home, "hello")) == replicas, 3)
    old = {pod["metadata"]["name"] for pod in pods(home, "hello")}
    url = node_port(home, "hello")
    within(60, "the way past the router leads to it", lambda: ask(url + PATH).status == 200, 1)
    with Load(url + PATH, RATE, 240) as load:
        time.sleep(3)
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        kubectl("-n", home, "patch", "rollout", "hello", "--type=merge", "-p", json.dumps({"spec": {"restartAt": at}}))
        within(180, "every pod is a new one", lambda: anew(home, old), 3)
        # The last of the old ones is still on its way out.
        time.sleep(10)
        return load.stop()


def anew(home: str, old: set[str]) -> bool:
    now = pods(home, "hello")
    return len(now) == len(old) and all(ready(pod) and pod["metadata"]["name"] not in old for pod in now)
