"""A service that is new needs no line below kustomize/: its chart, and one render."""
import shutil
import subprocess
import sys

import pytest
from lib.render import ENVIRONMENTS, ROOT
from overlay import build, copy, workloads


@pytest.fixture(scope="module")
def kustomize(tmp_path_factory):
    """A copy with a sixth chart: hello's, under another name."""
    scratch = tmp_path_factory.mktemp("sixth")
    folder = copy(scratch)
    shutil.copytree(ROOT / "charts", scratch / "charts", symlinks=True)
    shutil.copytree(scratch / "charts/hello", scratch / "charts/echo", symlinks=True)
    for path in (scratch / "charts/echo").rglob("*"):
        if path.is_file() and not path.is_symlink() and "service-lib" not in path.parts:
            path.write_text(path.read_text().replace("hello", "echo"))
    subprocess.run([sys.executable, folder / "render.py"], check=True)
    return folder


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_new_chart_is_in_every_environment_after_a_render(kustomize, environment):
    objects = build(kustomize / "overlays" / environment)
    echo = workloads(objects)["echo"]
    assert echo["kind"] == "Deployment"
    configuration = echo["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"]
    assert objects["ConfigMap", configuration]["data"]["ENVIRONMENT"] == environment
    assert objects["Ingress", "echo"]["spec"]["rules"][0]["host"] == f"echo.{environment}.flotilla.local"
    assert ("NetworkPolicy", "echo") in objects
    least = objects.get(("HorizontalPodAutoscaler", "echo"), {}).get("spec", {}).get("minReplicas")
    assert least == {"staging": 2, "production": 3}.get(environment)
    assert (("PodDisruptionBudget", "echo") in objects) == (environment == "production")
