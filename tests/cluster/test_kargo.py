"""gitops/kargo without Kargo: its promotion, step by step, through the real Argo CD."""

import copy
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.argocd import application, applications, kit, sync, wait_for
from support.environment import alone
from support.git import Repository, repository
from support.kubectl import Object, get, within
from support.rendering import ROOT, SERVICES, run

sys.path.insert(0, str(ROOT / "tests/deploy"))

from lib.expressions import program  # noqa: E402  (after the path)
from lib.promotion import Promotion, addressed, freight  # noqa: E402

DEV, PRODUCTION = "flotilla-dev", "flotilla-production"
OVERLAY = "kustomize/overlays/dev/kustomization.yaml"


@pytest.fixture(scope="module")
def repo(argocd: None, git_server: None) -> Iterator[Repository]:
    program()
    with repository("kargo") as found:
        # The two ends of the pipeline, and no way in, for which Argo CD would wait. Which image is wanted is seen without a pod.
        run("git", "-C", found.clone, "rm", "-r", "--quiet", "kustomize/overlays/qa", "kustomize/overlays/staging")
        found.replace(OVERLAY, "  - ../../components/ingress\n", "")
        none = "".join(f"  - {{name: {service}, count: 0}}\n" for service in SERVICES)
        found.replace(OVERLAY, "transformers:\n", f"replicas:\n{none}transformers:\n")
        found.push("Two environments without pods")
        yield found


@pytest.fixture(scope="module")
def delivered(repo: Repository) -> Iterator[list[Object]]:
    """dev by Argo CD, and the kit with this repository's address."""
    with alone(DEV), kit(repo):
        within(180, "both applications", lambda: set(applications()) == {DEV, PRODUCTION})
        wait_for(DEV, commit=repo.head())
        yield addressed(repo.clone / "gitops/kargo", repo.url)


def promote(found: list[Object], stage: str, service: str, tag: str, work: Path) -> None:
    (folder := work / f"{stage}-{tag}").mkdir()
    Promotion(found, stage, freight(service, tag), folder, lambda apps: [update(stage, **app) for app in apps]).run()


def update(stage: str, name: str, sources: list[dict[str, Any]]) -> None:
    """argocd-update: only what its annotation allows to this stage, by an operation that Argo CD then runs."""
    live = application(name)
    allowed = live["metadata"]["annotations"]["kargo.akuity.io/authorized-stage"]
    assert allowed == f"flotilla:{stage}", f"{name} may be synced by {allowed}"
    assert [source["repoURL"] for source in sources] == [live["spec"]["source"]["repoURL"]]
    promotion = f"{stage}.{secrets.token_hex(4)}"
    within(120, "no other operation runs", lambda: "operation" not in application(name))
    sync(name, **{"kargo.akuity.io/promotion": promotion})
    within(240, f"{name} was synced for {promotion}", lambda: synced_for(name, promotion), every=1)


def synced_for(name: str, promotion: str) -> bool:
    operation = application(name).get("status", {}).get("operationState", {})
    asked = {info["name"]: info["value"] for info in operation.get("operation", {}).get("info", [])}
    assert operation.get("phase") not in ("Failed", "Error"), operation
    return operation.get("phase") == "Succeeded" and asked.get("kargo.akuity.io/promotion") == promotion


def image(service: str) -> str:
    return get("deployment", service, DEV)["spec"]["template"]["spec"]["containers"][0]["image"]


def test_freight_is_promoted_to_dev_and_older_freight_after_it(delivered: list[Object], tmp_path: Path) -> None:
    for tag in ("0.2.0", "0.1.0"):
        promote(delivered, "dev", "hello", tag, tmp_path)
        wait_for(DEV)
        assert (image("hello"), image("storefront")) == (f"flotilla/hello:{tag}", "flotilla/storefront:0.1.0")
    # Nobody promoted there.
    assert "operationState" not in application(PRODUCTION)["status"]


def test_a_stage_syncs_no_other_application(delivered: list[Object], tmp_path: Path) -> None:
    changed = copy.deepcopy(delivered)
    [task] = [document for document in changed if document["kind"] == "PromotionTask"]
    task["spec"]["steps"][-1]["config"]["apps"][0]["name"] = PRODUCTION
    with pytest.raises(AssertionError, match="may be synced by flotilla:production"):
        promote(changed, "dev", "hello", "0.2.0", tmp_path)
