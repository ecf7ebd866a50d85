"""The kit of gitops/argocd on the cluster's Argo CD: as a user applies it, from a repository of the tests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from support.git import Repository
from support.kubectl import Object, get, kubectl, list_of, within

HOME = "argocd"
APPLICATIONS = "applications.argoproj.io"
GOOD = ("Synced", "Healthy")
KIT = "gitops/argocd/kustomization.yaml"


@contextmanager
def kit(repository: Repository) -> Iterator[None]:
    """Applied from the clone, with the repository's own address in the one line that has it. Whoever applies it holds dev."""
    [line] = [line for line in (repository.clone / KIT).read_text().splitlines() if "- url=" in line]
    repository.replace(KIT, line, f"      - url={repository.url}")
    folder = str((repository.clone / KIT).parent)
    try:
        kubectl("apply", "--server-side", "-k", folder)
        yield
    finally:
        kubectl("-n", HOME, "delete", "--ignore-not-found", "--wait=true", "--timeout=120s", "applicationset", "environments", "services")
        # What the sets made goes with them, and leaves behind what it deployed.
        within(180, "the applications are gone", lambda: not applications())
        kubectl("delete", "--ignore-not-found", "--wait=true", "--timeout=120s", "-k", folder)


def applications() -> dict[str, Object]:
    return {live["metadata"]["name"]: live for live in list_of(APPLICATIONS, HOME)}


def application(name: str) -> Object:
    return get(APPLICATIONS, name, HOME)


def state(live: Object) -> tuple[str, str]:
    status = live.get("status", {})
    return status.get("sync", {}).get("status", ""), status.get("health", {}).get("status", "")


def automated(live: Object) -> dict:
    return live["spec"]["syncPolicy"].get("automated", {})


def is_so(live: Object, wanted: tuple[str, str], commit: str) -> bool:
    """With this commit, if one is given, and nothing under way."""
    status = live.get("status", {})
    idle = "operation" not in live and status.get("operationState", {}).get("phase") != "Running"
    return idle and state(live) == wanted and commit in ("", status["sync"].get("revision"))


def wait_for(name: str, wanted: tuple[str, str] = GOOD, commit: str = "", seconds: float = 300) -> Object:
    try:
        within(seconds, f"{name} is {wanted}", lambda: is_so(application(name), wanted, commit), every=1)
    except AssertionError as error:
        raise AssertionError(f"{error} {described(application(name))}") from None
    return application(name)


def described(live: Object) -> str:
    """What is not as it should be."""
    status = live.get("status", {})
    resources = [r for r in status.get("resources", []) if (r.get("status"), r.get("health", {}).get("status", "Healthy")) != GOOD]
    found = {"state": state(live), "operation": status.get("operationState", {}).get("message"), "resources": resources}
    return json.dumps(found | {"conditions": status.get("conditions")}, indent=1)


def refresh(name: str) -> None:
    """Looks into the repository now, as the button does."""
    kubectl("-n", HOME, "annotate", "--overwrite", APPLICATIONS, name, "argocd.argoproj.io/refresh=normal")


def sync(name: str, **info: str) -> None:
    """As `argocd app sync` asks for it, and Kargo."""
    policy = application(name)["spec"]["syncPolicy"]
    asked = {
        "initiatedBy": {"username": "tests"},
        "info": [{"name": key, "value": value} for key, value in info.items()],
        "retry": policy["retry"],
        "sync": {"revisions": [], "syncOptions": policy["syncOptions"]},
    }
    patch = json.dumps({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "hard"}}, "operation": asked})
    kubectl("-n", HOME, "patch", APPLICATIONS, name, "--type=merge", "-p", patch)
