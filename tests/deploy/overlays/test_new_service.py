"""A service that is new needs no line below kustomize/: its chart, and one render."""
import shutil
import subprocess
import sys

import pytest
from lib.edges import CALLS
from lib.render import ENVIRONMENTS, ROOT
from overlay import build, copy, workloads
from test_edges import assert_only_listed_calls, assert_urls_are_calls


@pytest.fixture(scope="module")
def kustomize(tmp_path_factory):
    """A copy with one more chart: that of storefront, under another name."""
    scratch = tmp_path_factory.mktemp("newcomer")
    folder = copy(scratch)
    shutil.copytree(ROOT / "charts", scratch / "charts", symlinks=True)
    shutil.copytree(scratch / "charts/storefront", scratch / "charts/newcomer", symlinks=True)
    for path in (scratch / "charts/newcomer").rglob("*"):
        if path.is_file() and not path.is_symlink() and "service-lib" not in path.parts:
            path.write_text(path.read_text().replace("storefront", "newcomer"))
    # It calls what storefront calls, which has to let it in.
    called = scratch / "charts/product-api/values.yaml"
    assert called.read_text().count("    - storefront\n") == 1
    called.write_text(called.read_text().replace("    - storefront\n", "    - storefront\n    - newcomer\n"))
    subprocess.run([sys.executable, folder / "render.py"], check=True)
    return folder


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_new_chart_is_in_every_environment_after_a_render(kustomize, environment):
    objects = build(kustomize / "overlays" / environment)
    newcomer = workloads(objects)["newcomer"]
    assert newcomer["kind"] == "Deployment"
    configuration = newcomer["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"]
    assert objects["ConfigMap", configuration]["data"]["ENVIRONMENT"] == environment
    assert objects["Ingress", "newcomer"]["spec"]["rules"][0]["host"] == f"newcomer.{environment}.flotilla.local"
    assert ("NetworkPolicy", "newcomer") in objects
    least = objects.get(("HorizontalPodAutoscaler", "newcomer"), {}).get("spec", {}).get("minReplicas")
    assert least == {"staging": 2, "production": 3}.get(environment)
    assert (("PodDisruptionBudget", "newcomer") in objects) == (environment == "production")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_new_chart_that_calls_another_is_one_more_edge(kustomize, environment):
    objects = build(kustomize / "overlays" / environment)
    calls = CALLS | {("newcomer", "product-api")}
    assert_only_listed_calls(objects, calls)
    assert_urls_are_calls(objects, calls)
