"""The charts' files: short, documented, current, and the same whichever way the library is found."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from cases import SWITCHES, database, merged
from lib.render import (
    CHARTS,
    ENVIRONMENTS,
    HELM,
    ROOT,
    SERVICES,
    Refused,
    environment_values,
    helm_template,
    run,
    scratch,
)

sys.path.append(str(CHARTS / "generate"))
import values as generator_values  # noqa: E402

ALL = ("defaults", *ENVIRONMENTS)


def chart_yaml(chart):
    return yaml.safe_load((CHARTS / chart / "Chart.yaml").read_text())


def test_what_is_generated_is_current():
    done = subprocess.run([sys.executable, CHARTS / "generate", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_generator_notices_what_is_stale():
    copy = scratch() / "stale"
    shutil.copytree(CHARTS, copy / "charts", symlinks=True)
    (copy / "target").symlink_to(ROOT / "target")
    readme = copy / "charts" / "hello" / "README.md"
    readme.write_text(readme.read_text().replace("`replicas`", "`replcas`"))
    done = subprocess.run([sys.executable, copy / "charts" / "generate", "--check"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "+| `replicas`" in done.stdout


@pytest.mark.parametrize("chart", SERVICES)
def test_values_are_short_and_every_key_has_its_line(chart):
    text = (CHARTS / chart / "values.yaml").read_text()
    assert len(text.splitlines()) <= 130
    assert max(map(len, text.splitlines())) <= 120
    documented = generator_values.documented(text)
    commented = {value.path for value in documented if value.comment}
    # The comment of a map of the user's own names speaks for what is in it.
    for value in documented:
        if not isinstance(value.default, dict) or not value.default:
            assert any(value.path[:depth] in commented for depth in range(1, len(value.path) + 1)), value


@pytest.mark.parametrize("chart", SERVICES)
def test_a_thin_chart_is_one_include(chart):
    for file, name in (("all.yaml", "all"), ("NOTES.txt", "notes")):
        assert (CHARTS / chart / "templates" / file).read_text() == f'{{{{- include "service-lib.{name}" . }}}}\n'


@pytest.mark.parametrize("chart", SERVICES)
def test_an_installation_ends_with_what_to_try_next(chart):
    """Helm shows its notes only where there is a cluster: here they are made an object."""
    copy = scratch() / "notes"
    shutil.copytree(CHARTS / chart, copy / chart)
    (copy / chart / "templates" / "notes.yaml").write_text('notes: {{ include "service-lib.notes" . | toJson }}\n')
    given = (*environment_values(chart, "dev"), "--namespace", "a", "--show-only", "templates/notes.yaml")
    notes = yaml.safe_load(helm_template(chart, *given, charts=copy))["notes"]
    assert f"kubectl --namespace a port-forward service/{chart} 8080:http" in notes
    assert (f"http://{chart}.dev.flotilla.local/" in notes) == (chart != "auxiliary-service")


@pytest.mark.parametrize("chart", SERVICES)
def test_the_charts_agree_on_versions(chart):
    about, library = chart_yaml(chart), chart_yaml("service-lib")
    assert about["appVersion"] == tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert about["kubeVersion"] == library["kubeVersion"]
    [dependency] = about["dependencies"]
    assert dependency == {"name": "service-lib", "version": library["version"], "repository": "file://../service-lib"}


@pytest.mark.parametrize("chart", SERVICES)
def test_the_port_is_that_of_the_program(chart):
    source = (ROOT / "services" / chart / "src" / "lib.rs").read_text()
    [port] = re.findall(r"INFO: Info = Info \{[^}]*port: (\d+)", source)
    values = yaml.safe_load((CHARTS / chart / "values.yaml").read_text())
    assert values["ports"] == {"container": int(port), "service": 80 if chart == "hello" else int(port)}


def links(folder, names):
    return [name for name in names if (Path(folder) / name).is_symlink()]


def test_a_library_that_is_built_renders_as_the_link_does():
    """Flux drops links and builds the dependency."""
    copy = scratch() / "built"
    shutil.copytree(CHARTS, copy, ignore=links)
    for chart in SERVICES:
        assert list((copy / chart / "charts").iterdir()) == []
        run(HELM, "dependency", "build", copy / chart, env=own_helm())
        for case in ALL:
            given = (
                (environment_values(chart, case) if case != "defaults" else ())
                + database(chart)
                + merged(("pod", "faults"))
            )
            assert helm_template(chart, *given, charts=copy) == helm_template(chart, *given), (chart, case)


def test_a_clone_that_builds_the_library_too_renders_as_before():
    copy = scratch() / "both"
    shutil.copytree(CHARTS, copy, symlinks=True)
    run(HELM, "dependency", "build", copy / "hello", env=own_helm())
    assert helm_template("hello", *merged(tuple(SWITCHES)), charts=copy) == helm_template(
        "hello", *merged(tuple(SWITCHES))
    )


def test_a_checkout_without_links_says_what_is_missing_and_the_readme_what_to_do():
    """As Git on Windows leaves it: each link a file that contains where it led."""
    copy = scratch() / "files"
    shutil.copytree(CHARTS, copy / "charts", symlinks=True)
    for chart in SERVICES:
        link = copy / "charts" / chart / "charts" / "service-lib"
        target = link.readlink()
        link.unlink()
        link.write_text(str(target))
    readme = (CHARTS / "README.md").read_text()
    with pytest.raises(Refused) as refused:
        helm_template("hello", charts=copy / "charts")
    [said] = re.findall(r"Helm says `(.*)`", readme)
    assert said in str(refused.value)
    shutil.copytree(ROOT / "kustomize", copy / "kustomize")
    done = subprocess.run([sys.executable, copy / "kustomize" / "render.py"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "charts/README.md says what a checkout without links needs" in done.stderr
    [commands] = re.findall(r"```sh\n(rm .*?)```", readme, re.DOTALL)
    path = {"PATH": f"{HELM.parent}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-ec", commands], cwd=copy, env=os.environ | own_helm() | path, check=True, capture_output=True)
    for chart in SERVICES:
        given = ("--namespace", "links")
        assert helm_template(chart, *given, charts=copy / "charts") == helm_template(chart, *given)
        run(HELM, "package", copy / "charts" / chart, "--destination", copy / "packages", env=own_helm())
        package = copy / "packages" / f"{chart}-{chart_yaml(chart)['version']}.tgz"
        assert run(HELM, "template", chart, package, *given) == helm_template(chart, *given)


@pytest.mark.parametrize("chart", SERVICES)
def test_a_packaged_chart_renders_as_the_folder_does(chart):
    folder = scratch() / "packages"
    run(HELM, "package", CHARTS / chart, "--destination", folder, env=own_helm())
    package = folder / f"{chart}-{chart_yaml(chart)['version']}.tgz"
    assert run(HELM, "template", chart, package, *database(chart)) == helm_template(chart, *database(chart))


def own_helm():
    """Helm's folders: this machine's repositories and registries are no part of a test."""
    return {f"HELM_{kind}_HOME": str(scratch() / "helm" / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
