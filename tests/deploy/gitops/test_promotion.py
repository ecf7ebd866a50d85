"""The PromotionTask of the Kargo kit, executed on a real repository."""

from pathlib import Path

import pytest
from lib.expressions import program
from lib.promotion import Freight, freight
from lib.render import SERVICES, Refused, documents, find
from support.origin import Origin


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    program()
    return Origin(tmp_path)


@pytest.mark.parametrize(("stage", "service"), [*(("dev", service) for service in SERVICES), ("production", "hello")])
def test_a_promotion_changes_one_line_of_one_overlay_and_syncs_its_application(origin: Origin, stage: str, service: str) -> None:
    executed, synced, work = origin.promote(stage, freight(service, "1.10.0"))
    assert executed == [step["uses"] for step in find(origin.kit, "PromotionTask")["spec"]["steps"]]
    [removed, added] = origin.changed_lines()
    assert removed.startswith("-    newTag: ")
    assert added == "+    newTag: 1.10.0"
    assert origin.log("-1", "--format=%an: %s") == [f"Kargo: Promote {service} 1.10.0 to {stage}"]
    assert origin.log("-1", "--name-only", "--format=") == [f"kustomize/overlays/{stage}/kustomization.yaml"]
    assert synced == [{"name": f"flotilla-{stage}", "sources": [{"repoURL": origin.url}]}]
    deployment = find(documents((work / "built.yaml").read_text()), "Deployment", service)
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == f"flotilla/{service}:1.10.0"


def test_a_rollback_is_the_promotion_of_older_freight_and_takes_no_other_service_back(origin: Origin) -> None:
    for item in (freight("hello", "1.0.0"), freight("hello", "1.1.0"), freight("storefront", "1.3.0"), freight("hello", "1.0.0")):
        origin.promote("production", item)
    assert origin.tags("production") | {"hello": "1.0.0", "storefront": "1.3.0"} == origin.tags("production")
    assert len(origin.log("--format=%s")) == 5


def test_a_commit_as_freight_is_synced_and_changes_nothing(origin: Origin) -> None:
    executed, synced, _ = origin.promote("qa", Freight("overlays"))
    assert executed == ["git-clone", "kustomize-build", "git-commit", "git-push", "argocd-update"]
    assert origin.log("--format=%s") == ["The project"]
    assert [app["name"] for app in synced] == ["flotilla-qa"]


def test_the_same_freight_again_makes_no_commit(origin: Origin) -> None:
    for _ in range(2):
        origin.promote("dev", freight("hello", "1.2.0"))
    assert len(origin.log("--format=%s")) == 2


def test_what_does_not_build_is_not_committed(origin: Origin) -> None:
    file = origin.clone / "kustomize/overlays/dev/kustomization.yaml"
    file.write_text(file.read_text().replace("  - namespace.yaml\n", "  - missing.yaml\n"))
    origin.push("Broken")
    with pytest.raises(Refused, match="missing.yaml"):
        origin.promote("dev", freight("hello", "1.2.0"))
    assert origin.log("-1", "--format=%s") == ["Broken"]


def test_a_service_that_no_overlay_has_is_refused(origin: Origin) -> None:
    with pytest.raises(ValueError, match="nil"):
        origin.promote("dev", freight("nonsense", "1.2.0"))
    assert origin.log("--format=%s") == ["The project"]
