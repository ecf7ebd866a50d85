"""gitops/flux says what overlays, charts and workflows say, and names nothing that is not there."""

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from lib.program import built as built_program
from lib.render import CHARTS, ENVIRONMENTS, ROOT, SERVICES, Document, documents, helm_template, kustomize, values
from support.kits import built


FLUX = tuple(f"{part}.toolkit.fluxcd.io" for part in ("helm", "image", "kustomize", "source"))


def of_kind(folder: str, kind: str) -> dict[str, Document]:
    return {document["metadata"]["name"]: document for document in built(folder) if document["kind"] == kind}


def kustomizations() -> dict[str, Document]:
    """With those of the other door, which stand in a file that the kit does not apply."""
    other = documents((ROOT / "gitops/flux/releases.yaml").read_text())
    return of_kind("flux", "Kustomization") | {document["metadata"]["name"]: document for document in other}


@pytest.mark.parametrize(("prefix", "folder"), [("flotilla", "kustomize/overlays"), ("releases", "gitops/flux/releases")])
def test_each_environment_waits_for_the_one_before_it(prefix: str, folder: str) -> None:
    found = {name: d for name, d in kustomizations().items() if name.startswith(f"{prefix}-")}
    assert {name: d["spec"]["path"] for name, d in found.items()} == {f"{prefix}-{e}": f"./{folder}/{e}" for e in ENVIRONMENTS}
    before = {name: [needed["name"] for needed in d["spec"].get("dependsOn", [])] for name, d in found.items()}
    names = [f"{prefix}-{environment}" for environment in ENVIRONMENTS]
    assert before == {names[0]: []} | {later: [earlier] for earlier, later in pairwise(names)}
    assert [name for name, d in found.items() if d["spec"].get("deletionPolicy") == "Orphan"] == [f"{prefix}-production"]


def test_every_path_builds_and_nothing_is_substituted() -> None:
    for name, document in kustomizations().items():
        assert documents(kustomize(ROOT / document["spec"]["path"])), name
        assert "postBuild" not in document["spec"], name


def test_health_is_waited_for_and_failure_is_tried_again() -> None:
    found = of_kind("flux", "Kustomization")
    assert {d["spec"]["wait"] for d in found.values()} == {True}
    assert {d["spec"]["retryInterval"] for d in found.values()} == {"1m"}
    # Kinds of the overlays that Flux cannot judge by itself have their expression.
    judged = {check["kind"] for check in found["flotilla-staging"]["spec"]["healthCheckExprs"]}
    assert judged == {"Rollout"} == {d["kind"] for d in documents(kustomize(ROOT / "kustomize/overlays/staging")) if "argoproj" in d["apiVersion"]}


def test_whatever_can_fail_is_told_to_the_alertmanager() -> None:
    """But for a HelmRepository of charts in a registry, which is only an address."""
    told = {source["kind"] for source in of_kind("flux", "Alert")["failures"]["spec"]["eventSources"]}
    folders = ("flux", "flux/images", "flux/infrastructure", "flux/releases/dev")
    reconciled = {d["kind"] for folder in folders for d in built(folder) if d["apiVersion"].partition("/")[0] in FLUX}
    assert told == reconciled - {"HelmRepository"}
    address = of_kind("flux", "Provider")["alertmanager"]["spec"]["address"]
    [home] = {d["metadata"]["namespace"] for d in of_kind("flux/infrastructure", "HelmRelease").values()}
    assert address.startswith(f"http://alertmanager-operated.{home}:")


def test_the_release_workflow_alone_is_who_signs() -> None:
    source = of_kind("flux", "OCIRepository")["flotilla"]["spec"]["verify"]
    charts = [d["spec"]["verify"] for environment in ENVIRONMENTS for d in of_kind(f"flux/releases/{environment}", "HelmChart").values()]
    assert charts == [source] * len(ENVIRONMENTS) * len(SERVICES)
    assert source["provider"] == "cosign"
    [identity] = source["matchOIDCIdentity"]
    workflow = "https://github.com/example/flotilla/.github/workflows/release.yaml"
    assert (ROOT / ".github/workflows/release.yaml").is_file()
    assert re.search(identity["issuer"], "https://token.actions.githubusercontent.com")
    assert re.search(identity["subject"], f"{workflow}@refs/tags/v1.20.3")
    for other in (f"{workflow}@refs/heads/main", f"{workflow}@refs/tags/v1.2.3-evil/../x", workflow.replace("example", "exampler") + "@refs/tags/v1.2.3"):
        assert not re.search(identity["subject"], other), other


def test_one_command_makes_every_address_the_users_own(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "gitops/flux", tmp_path / "gitops/flux")
    [command] = [line for line in (ROOT / "gitops/flux/README.md").read_text().splitlines() if line.startswith("grep ")]
    subprocess.run(["bash", "-euc", command.replace("YOUR-NAME", "somebody")], cwd=tmp_path, check=True)
    written = "".join(file.read_text() for file in (tmp_path / "gitops/flux").rglob("*.yaml"))
    assert "example" not in written and written.count("/somebody/") == 5 + len(SERVICES)


def test_every_service_has_its_image_watched_under_the_name_that_the_overlay_has() -> None:
    images = yaml.safe_load((ROOT / "kustomize/overlays/dev/kustomization.yaml").read_text())["images"]
    repositories = of_kind("flux/images", "ImageRepository")
    assert sorted(d["spec"]["image"].partition("/example/")[2] for d in repositories.values()) == [entry["name"] for entry in images]
    policies = of_kind("flux/images", "ImagePolicy")
    assert {name: d["spec"]["imageRepositoryRef"]["name"] for name, d in policies.items()} == {name: name for name in repositories}
    assert tuple(sorted(policies)) == SERVICES


def test_the_newest_image_goes_into_its_line_of_dev_and_nowhere_else(setters: Path, tmp_path: Path) -> None:
    automation = of_kind("flux/images", "ImageUpdateAutomation")["dev"]
    folder = automation["spec"]["update"]["path"]
    assert folder == "./kustomize/overlays/dev"
    policies = of_kind("flux/images", "ImagePolicy")
    tags = {name: f"1.{number}.0" for number, name in enumerate(policies)}
    chosen = [f"{policies[name]['metadata']['namespace']}:{name}:tag={tag}" for name, tag in tags.items()]
    shutil.copytree(ROOT / "kustomize", tmp_path / "kustomize")
    subprocess.run([setters, tmp_path / folder, *chosen], check=True)
    for file in (ROOT / "kustomize").rglob("*.*"):
        before, after = file.read_text().splitlines(), (tmp_path / file.relative_to(ROOT)).read_text().splitlines()
        changed = [new for old, new in zip(before, after, strict=True) if old != new]
        own = file.relative_to(ROOT).parent.name == "dev" and file.name == "kustomization.yaml"
        assert [line.split()[1] for line in changed] == (list(tags.values()) if own else []), file
        assert own or "$imagepolicy" not in file.read_text(), file


@pytest.fixture(scope="session")
def setters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """kyaml's setters, which Flux's image automation uses, as a program."""
    return built_program(Path(__file__).parent / "setters", tmp_path_factory.mktemp("setters"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_release_takes_its_environments_values_and_its_charts_own_image(environment: str) -> None:
    charts, releases = (of_kind(f"flux/releases/{environment}", kind) for kind in ("HelmChart", "HelmRelease"))
    assert charts.keys() == releases.keys() == {f"{service}-{environment}" for service in SERVICES}
    for name, release in releases.items():
        assert release["spec"]["chartRef"] == {"kind": "HelmChart", "name": name}
        assert release["spec"]["targetNamespace"] == f"flotilla-{environment}"
        rendered = container(charts[name]["spec"], release["spec"])
        assert rendered["image"].rpartition(":")[2] == app_version(charts[name]["spec"]["chart"]) == charts[name]["spec"]["version"]


def container(chart: Document, release: Document) -> Document:
    """As helm-controller renders it: the files of the chart, then the release's values."""
    folder = CHARTS / chart["chart"]
    files = [option for file in chart["valuesFiles"] for option in ("-f", str(folder / file))]
    options = (*files, *values(release["values"]), "--namespace", release["targetNamespace"])
    found = documents(helm_template(chart["chart"], *options, release=release["releaseName"]))
    [workload] = [d for d in found if d["kind"] in ("Deployment", "Rollout")]
    return workload["spec"]["template"]["spec"]["containers"][0]


def app_version(chart: str) -> str:
    return yaml.safe_load((CHARTS / chart / "Chart.yaml").read_text())["appVersion"]


def test_kube_state_metrics_may_read_what_it_is_told_to(infrastructure: dict) -> None:
    told = of_kind("flux/infrastructure", "ConfigMap")["kube-state-metrics-custom-resources"]["data"]
    [(file, text)] = told.items()
    metrics = infrastructure["kube-state-metrics"]
    assert metrics["volumes"][0]["configMap"]["name"] == "kube-state-metrics-custom-resources"
    assert metrics["extraArgs"] == [f"--custom-resource-state-config-file={metrics['volumeMounts'][0]['mountPath']}/{file}"]
    kinds = {(entry["groupVersionKind"]["group"], entry["groupVersionKind"]["kind"]) for entry in yaml.safe_load(text)["spec"]["resources"]}
    plurals = {(group, re.sub("y$", "ie", kind.lower()) + "s") for group, kind in kinds}
    allowed = {(rule["apiGroups"][0], rule["resources"][0]) for rule in metrics["rbac"]["extraRules"]}
    assert allowed == plurals | {("apiextensions.k8s.io", "customresourcedefinitions")}


def test_prometheus_and_grafana_find_what_monitoring_has(infrastructure: dict) -> None:
    found = documents(kustomize(ROOT / "monitoring"))
    label = infrastructure["grafana"]["sidecar"]["dashboards"]["label"]
    assert all(label in d["metadata"]["labels"] for d in found if d["kind"] == "ConfigMap")
    prometheus = infrastructure["prometheus"]["prometheusSpec"]
    assert prometheus["ruleSelectorNilUsesHelmValues"] is prometheus["serviceMonitorSelectorNilUsesHelmValues"] is False
    [release] = of_kind("flux/infrastructure", "HelmRelease").values()
    home = release["metadata"]["namespace"]
    assert {d["metadata"]["namespace"] for d in found} == {home}
    assert home in yaml.safe_load((CHARTS / "hello/values.yaml").read_text())["networkPolicy"]["monitoringNamespaces"]


@pytest.fixture
def infrastructure() -> dict:
    """The values of kube-prometheus-stack, as its HelmRelease finds them."""
    [release] = of_kind("flux/infrastructure", "HelmRelease").values()
    [source] = release["spec"]["valuesFrom"]
    return yaml.safe_load(of_kind("flux/infrastructure", "ConfigMap")[source["name"]]["data"]["values.yaml"])
