"""What the linters of the workflows cannot see."""

import os
import re
import subprocess

import pytest
import yaml
from conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yaml"))


def jobs(name: str) -> dict[str, dict]:
    return yaml.safe_load((ROOT / f".github/workflows/{name}.yaml").read_text())["jobs"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_job_ends_and_every_action_is_pinned_by_its_digest(path) -> None:
    for name, job in jobs(path.stem).items():
        assert "timeout-minutes" in job or "uses" in job, f"{name} has no timeout"
        assert job["permissions"] is not None, f"{name} has the permissions of the repository's setting"
    used = re.findall(r"uses: (?!\./)(.*)", path.read_text())
    assert all(re.fullmatch(r"[\w/.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in used), used


def test_an_action_has_one_digest_everywhere() -> None:
    used = {action for path in WORKFLOWS for action in re.findall(r"uses: (?!\./)(.*)", path.read_text())}
    assert len(used) == len({action.partition("@")[0] for action in used})


def test_ci_runs_every_stage(tmp_path) -> None:
    """By the command that the workflow has."""
    output = tmp_path / "output"
    command = next(step["run"] for step in jobs("ci")["stages"]["steps"] if step.get("id") == "list")
    subprocess.run(["bash", "-e", "-c", command], cwd=ROOT, env=os.environ | {"GITHUB_OUTPUT": str(output)}, check=True)
    listed = yaml.safe_load(output.read_text().removeprefix("names="))
    run = jobs("ci")["test"]["steps"][-1]["run"]
    assert run == 'tests/run.sh test-servers "$STAGE"'
    assert sorted([*listed, "05-test-servers"]) == sorted(path.stem for path in (ROOT / "tests/stages").glob("*.sh"))
