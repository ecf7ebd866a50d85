"""The Kargo kit without Kargo: what its objects say of each other, and of the charts and overlays."""

import yaml
from lib.render import ENVIRONMENTS, ROOT, SERVICES, Document
from support.kits import GITOPS, built


def of(kind: str) -> dict[str, Document]:
    return {document["metadata"]["name"]: document for document in built("kargo") if document["kind"] == kind}


def test_each_service_has_a_warehouse_and_so_have_the_overlays() -> None:
    assert set(of("Warehouse")) == {*SERVICES, "overlays"}
    for service in SERVICES:
        [subscription] = of("Warehouse")[service]["spec"]["subscriptions"]
        assert subscription["image"]["repoURL"].endswith(f"/{service}")
        assert subscription["image"]["constraint"] == "^1.0.0"


def test_an_environment_is_a_stage_that_takes_what_the_one_before_has_verified() -> None:
    assert set(of("Stage")) == set(ENVIRONMENTS) == {path.name for path in (ROOT / "kustomize/overlays").iterdir()}
    for before, name in zip((None, *ENVIRONMENTS), ENVIRONMENTS, strict=False):
        spec = of("Stage")[name]["spec"]
        sources = {request["origin"]["name"]: request["sources"] for request in spec["requestedFreight"]}
        assert sources == dict.fromkeys(of("Warehouse"), {"stages": [before]} if before else {"direct": True})


def test_a_person_promotes_production_and_nobody_else() -> None:
    [config] = of("ProjectConfig").values()
    policies = {policy["stageSelector"]["name"]: policy["autoPromotionEnabled"] for policy in config["spec"]["promotionPolicies"]}
    assert policies == {name: name != "production" for name in ENVIRONMENTS}


def test_a_verification_has_its_templates_and_their_arguments() -> None:
    for stage in of("Stage").values():
        verification = stage["spec"]["verification"]
        templates = [of("AnalysisTemplate")[item["name"]] for item in verification["analysisTemplates"]]
        assert {template["metadata"]["name"] for template in templates} == set(of("AnalysisTemplate"))
        given = {argument["name"] for argument in verification["args"]}
        for template in templates:
            known = {argument["name"]: argument for argument in template["spec"]["args"]}
            assert given <= set(known)
            assert {name for name, argument in known.items() if "value" not in argument} <= given


def test_kargos_own_commits_are_no_freight() -> None:
    [clone] = [step for step in of("PromotionTask")["promote"]["spec"]["steps"] if step["uses"] == "git-clone"]
    [subscription] = of("Warehouse")["overlays"]["spec"]["subscriptions"]
    assert subscription["git"]["expressionFilter"] == f"!(author contains '<{clone['config']['author']['email']}>')"
    assert all((ROOT / path).is_dir() for path in subscription["git"]["includePaths"])


def test_the_addresses_are_written_once() -> None:
    said, written = yaml.safe_dump_all(built("kargo")), "".join(file.read_text() for file in (GITOPS / "kargo").rglob("*.yaml"))
    assert not [word for word in ("REPOSITORY", "BRANCH", "REGISTRY") if word in said]
    for variable in of("PromotionTask")["promote"]["spec"]["vars"][:3]:
        assert written.count(f"={variable['value']}\n") == 1
