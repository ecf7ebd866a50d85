"""What lies below kustomize/: current, small, and of nothing that Flux, Argo CD or `kubectl apply -k` refuse."""
import subprocess
import sys

import pytest
import yaml
from lib.render import ENVIRONMENTS, ROOT, SERVICES, documents, kustomize
from overlay import build, copy, overlay

GENERATED = "# GENERATED"


def generated(folder):
    files = (path for path in folder.rglob("*.yaml") if path.read_text().startswith(GENERATED))
    return {path.relative_to(folder): path.read_text() for path in files}


def test_what_is_generated_is_what_the_charts_give_today(tmp_path):
    subprocess.run([sys.executable, ROOT / "kustomize/render.py", "--into", tmp_path], check=True)
    committed, fresh = generated(ROOT / "kustomize"), generated(tmp_path)
    assert committed.keys() == fresh.keys()
    stale = [str(path) for path in fresh if fresh[path] != committed[path]]
    assert not stale, f"run kustomize/render.sh: {stale}"


def test_every_service_has_a_base():
    assert yaml.safe_load((ROOT / "kustomize/base/kustomization.yaml").read_text())["resources"] == list(SERVICES)


def test_nothing_in_a_base_is_of_helm():
    for path in (ROOT / "kustomize/base").rglob("*.yaml"):
        text = path.read_text()
        for mark in ("helm.sh", "managed-by", "checksum/", "kind: ConfigMap", "kind: Secret"):
            assert mark not in text, f"{path}: {mark}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_overlay_is_short_and_its_patches_are_files(environment):
    path = ROOT / "kustomize/overlays" / environment / "kustomization.yaml"
    fields = yaml.safe_load(path.read_text())
    assert len(path.read_text().splitlines()) <= 60
    assert all("patch" not in patch for patch in fields.get("patches", []))


def test_there_is_no_link_and_no_plugin():
    for path in (ROOT / "kustomize").rglob("*"):
        assert not path.is_symlink(), path
        if path.name == "kustomization.yaml":
            fields = yaml.safe_load(path.read_text())
            assert not {"helmCharts", "generators", "validators"} & fields.keys(), path
            assert fields.get("transformers", ["../../versions"]) == ["../../versions"], path
    # A transformer that is built in runs without a flag.
    assert [obj["apiVersion"] for obj in documents(kustomize(ROOT / "kustomize/versions"))] == ["builtin"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_tag_is_written_in_images_alone(environment):
    folder = ROOT / "kustomize/overlays" / environment
    fields = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert [entry.keys() for entry in fields["images"]] == [{"name", "newTag"}] * len(SERVICES)
    text = "".join(path.read_text() for path in folder.iterdir())
    assert all(text.count(entry["newTag"]) == len(SERVICES) for entry in fields["images"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_folder_names_the_environment_everywhere(environment):
    objects = overlay(environment)
    assert [name for kind, name in objects if kind == "Namespace"] == [f"flotilla-{environment}"]
    cluster_wide = {"Namespace"}
    assert {obj["metadata"].get("namespace") for (kind, _), obj in objects.items() if kind not in cluster_wide} == {
        f"flotilla-{environment}"}
    configurations = [obj for (kind, _), obj in objects.items() if kind == "ConfigMap"]
    assert [obj["data"]["ENVIRONMENT"] for obj in configurations] == [environment] * len(SERVICES)
    hosts = [rule["host"] for (kind, _), obj in objects.items() if kind == "Ingress" for rule in obj["spec"]["rules"]]
    assert hosts and all(host.endswith(f".{environment}.flotilla.local") for host in hosts)


def test_an_environment_in_another_namespace_keeps_its_name(tmp_path):
    path = copy(tmp_path) / "overlays/production/kustomization.yaml"
    text = path.read_text()
    assert text.count("namespace: flotilla-production") == 1
    path.write_text(text.replace("namespace: flotilla-production", "namespace: shop"))
    objects = build(path.parent)
    assert ("Namespace", "shop") in objects
    assert {obj["metadata"].get("namespace", "shop") for obj in objects.values()} == {"shop"}
    assert {obj["data"]["ENVIRONMENT"] for (kind, _), obj in objects.items() if kind == "ConfigMap"} == {"production"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_namespace_admits_restricted_pods_only(environment):
    labels = overlay(environment)["Namespace", f"flotilla-{environment}"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
