"""The cluster, through kubectl: what a user would type."""

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any, TypeVar

Object = dict[str, Any]
T = TypeVar("T")


class Refused(Exception):
    """kubectl said no; the text is what it said."""


def kubectl(*arguments: str, stdin: str | None = None, limit: float = 180) -> str:
    done = subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=limit)
    if done.returncode != 0:
        raise Refused(f"kubectl {' '.join(arguments)}: {done.stderr}{done.stdout}")
    return done.stdout


def get(kind: str, name: str, namespace: str = "default") -> Object:
    return json.loads(kubectl("-n", namespace, "get", kind, name, "-o", "json"))


def list_of(kind: str, namespace: str, selector: str = "") -> list[Object]:
    options = ("-l", selector) if selector else ()
    return json.loads(kubectl("-n", namespace, "get", kind, *options, "-o", "json"))["items"]


def apply(manifests: str, *options: str) -> None:
    """Server-side, as Argo CD and Flux do."""
    kubectl("apply", "--server-side", "--force-conflicts", *options, "-f", "-", stdin=manifests)


def difference(manifests: str, *options: str) -> str:
    """What a second apply would change; empty when nothing."""
    command = ["kubectl", "diff", "--server-side", "--force-conflicts", *options, "-f", "-"]
    done = subprocess.run(command, input=manifests, capture_output=True, text=True, timeout=180)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def within(seconds: float, what: str, ask: Callable[[], T], every: float = 0.5) -> T:
    """Asks until the answer is true, and returns it. A kubectl that fails is a no."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer, said = ask(), ""
        except (Refused, OSError) as error:
            answer, said = None, str(error)
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s: {what} {said}"
        time.sleep(every)


def ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def pods(namespace: str, service: str = "") -> list[Object]:
    """Those that are not about to go."""
    selector = f"app.kubernetes.io/name={service}" if service else ""
    return [pod for pod in list_of("pods", namespace, selector) if "deletionTimestamp" not in pod["metadata"]]


def restarts(namespace: str) -> int:
    return sum(s["restartCount"] for pod in pods(namespace) for s in pod["status"].get("containerStatuses", []))


def rolled_out(namespace: str, service: str, seconds: float = 240) -> None:
    """Waits until the newest release of a Deployment serves alone."""
    kubectl("-n", namespace, "rollout", "status", f"deployment/{service}", f"--timeout={seconds}s", limit=seconds + 30)
