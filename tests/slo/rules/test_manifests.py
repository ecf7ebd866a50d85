"""The manifests: what is generated is current, what is applied is whole, scrapes carry the labels that rules need."""

import json
import re
import subprocess
import sys

import pytest
import references
import yaml

sys.path.insert(0, str(references.ROOT / "monitoring"))

import render  # noqa: E402  (after the path)

MONITORING = references.ROOT / "monitoring"
CUSTOM = yaml.safe_load((MONITORING / "kube-state-metrics/custom-resources.yaml").read_text())["spec"]["resources"]
CRDS = references.ROOT.parent / "shared/crd-schemas"


def test_the_plain_rule_files_are_current() -> None:
    files = render.rendered()
    for path, text in files.items():
        assert path.read_text() == text, f"{path.name} is not what monitoring/render.py writes"
    assert set((MONITORING / "prometheus").glob("*.yaml")) <= files.keys()


def test_the_kustomization_applies_every_rule_file() -> None:
    listed = yaml.safe_load((MONITORING / "rules/kustomization.yaml").read_text())["resources"]
    assert set(listed) == {path.name for path in (MONITORING / "rules").glob("*.yaml")} - {"kustomization.yaml"}


def test_promtool_accepts_the_plain_rule_files() -> None:
    files = sorted((MONITORING / "prometheus").glob("*.yaml"))
    result = subprocess.run(["promtool", "check", "rules", *files], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_scrape_fits_the_sample_limit_with_room(scrapes: dict[str, str]) -> None:
    monitor = yaml.safe_load((MONITORING / "scrape/servicemonitor.yaml").read_text())
    most = max(len(list(references.parse_scrape(scrape))) for scrape in scrapes.values())
    assert most * 3 <= monitor["spec"]["sampleLimit"]


def test_no_service_uses_a_label_of_the_target(scrapes: dict[str, str]) -> None:
    for service, scrape in scrapes.items():
        for name, labels in references.parse_scrape(scrape):
            assert not references.TARGET_LABELS & labels.keys(), f"{service}: {name}"


def test_the_monitor_relabels_only_what_is_the_operators() -> None:
    monitor = yaml.safe_load((MONITORING / "scrape/servicemonitor.yaml").read_text())
    (endpoint,) = monitor["spec"]["endpoints"]
    assert {relabeling["targetLabel"] for relabeling in endpoint["relabelings"]} == {"service", "job", "track"}
    assert "metricRelabelings" not in endpoint
    assert not endpoint["honorLabels"]


@pytest.mark.parametrize("resource", CUSTOM, ids=lambda resource: resource["groupVersionKind"]["kind"])
def test_the_custom_resources_have_what_their_metrics_read(resource: dict) -> None:
    kind = resource["groupVersionKind"]
    path = CRDS / kind["group"] / f"{kind['kind'].lower()}_{kind['version']}.json"
    if not path.is_file():
        pytest.skip(f"{path.parent.name} is not among the schemas")
    for metric in resource["metrics"]:
        name = f"{resource['metricNamePrefix']}_{metric['name']}"
        labels = metric["each"]["info"]["labelsFromPath"]
        assert labels.keys() <= references.external_metrics()[name]
        for field in labels.values():
            assert exists(json.loads(path.read_text()), field), f"{kind['kind']}: no {field}"


def exists(schema: dict, field: list[str]) -> bool:
    """Whether a custom resource can have the field; `[type=Ready]` picks an item of a list."""
    for name in field:
        if name in ("name", "namespace") and field[0] == "metadata":
            return True
        schema = schema["items"] if re.fullmatch(r"\[.*\]", name) else schema.get("properties", {}).get(name, {})
    return bool(schema)
