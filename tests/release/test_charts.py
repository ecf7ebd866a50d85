"""The charts of a release have its version, and so do their library and their images."""

import subprocess
import tarfile

import pytest
import yaml
from conftest import ROOT, Clone

HELM = ROOT / ".venv/bin/helm"
LIBRARY = "service-lib"


def charts(clone: Clone) -> dict[str, dict]:
    return {path.parent.name: yaml.safe_load(path.read_text()) for path in (clone.root / "charts").glob("*/Chart.yaml")}


def test_every_chart_gets_the_version(clone: Clone) -> None:
    assert clone.release("charts", "v1.2.0-rc.1").code == 0
    for name, chart in charts(clone).items():
        assert chart["version"] == "1.2.0-rc.1"
        assert chart.get("appVersion") == (None if name == LIBRARY else "1.2.0-rc.1")
        assert chart["kubeVersion"] == ">=1.29.0-0"
    assert "# In a clone it is there already" in (clone.root / "charts/hello/Chart.yaml").read_text()


def test_a_chart_that_others_depend_on_keeps_its_version(clone: Clone) -> None:
    other = "\n  - name: redis\n    version: 20.1.0\n    repository: oci://registry.example.com/charts"
    clone.edit("charts/hello/Chart.yaml", lambda text: text.rstrip() + other + "\n")
    clone.release("charts", "1.2.0")
    versions = {it["name"]: it["version"] for it in charts(clone)["hello"]["dependencies"]}
    assert versions == {LIBRARY: "1.2.0", "redis": "20.1.0"}


def test_a_packaged_chart_deploys_the_image_of_its_release(clone: Clone) -> None:
    assert clone.release("charts", "1.2.0", "--registry", "ghcr.io/example").code == 0
    run(HELM, "package", "charts/hello", "--destination", clone.root, cwd=clone.root)
    package = clone.root / "hello-1.2.0.tgz"
    with tarfile.open(package) as files:
        library = yaml.safe_load(files.extractfile(f"hello/charts/{LIBRARY}/Chart.yaml"))
    assert library["version"] == "1.2.0"
    workload = next(it for it in yaml.safe_load_all(run(HELM, "template", package)) if it and it["kind"] == "Deployment")
    assert workload["spec"]["template"]["spec"]["containers"][0]["image"] == "ghcr.io/example/flotilla/hello:1.2.0"
    assert workload["metadata"]["labels"]["app.kubernetes.io/version"] == "1.2.0"


def run(*command: object, **options: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("registry", ["", "GHCR.io/example", "ghcr.io/", "ghcr.io/Example", 'x" #', "https://ghcr.io", "a\nb", "\u0430.io"])
def test_what_is_no_registry_is_refused(clone: Clone, registry: str) -> None:
    assert "is no registry" in clone.refusal("charts", "1.2.0", f"--registry={registry}")


def test_one_chart_that_cannot_be_changed_leaves_all_as_they_were(clone: Clone) -> None:
    clone.edit("charts/storefront/values.yaml", lambda text: text.replace('  registry: ""', "  registry:"))
    assert "charts/storefront/values.yaml: `registry: <value>`" in clone.refusal("charts", "1.2.0", "--registry", "ghcr.io/example")
