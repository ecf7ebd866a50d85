"""A change in one place of one overlay reaches the pods, and only those that it is for."""
import pytest
import yaml
from lib.render import Refused
from overlay import build, container, copy, overlay, workloads

DIGEST = "sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3"
VERSION = "app.kubernetes.io/version"


def changed(scratch, environment, old, new):
    """The workloads of an environment after a change of its kustomization, and the names of those that roll."""
    path = copy(scratch) / "overlays" / environment / "kustomization.yaml"
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} has to be in one place"
    path.write_text(text.replace(old, new))
    before, after = workloads(overlay(environment)), workloads(build(path.parent))
    assert before.keys() == after.keys()
    return after, [name for name in before if before[name]["spec"]["template"] != after[name]["spec"]["template"]]


# hello is a Deployment in dev and a Rollout in staging.
@pytest.mark.parametrize("environment, kind", [("dev", "Deployment"), ("staging", "Rollout")])
@pytest.mark.parametrize("old, new", [("- FAIL_RATE=0.02", "- FAIL_RATE=0.03"), ("- GREETING=Hello", "- GREETING=Hi")])
def test_a_changed_variable_rolls_hello_and_nothing_else(tmp_path, environment, kind, old, new):
    after, rolled = changed(tmp_path, environment, old, new)
    assert rolled == ["hello"]
    assert after["hello"]["kind"] == kind


@pytest.mark.parametrize("environment", ["dev", "staging"])
@pytest.mark.parametrize("line, image", [
    ("newTag: 0.2.0", "flotilla/hello:0.2.0"),
    (f"newTag: 0.2.0\n    digest: {DIGEST}", f"flotilla/hello:0.2.0@{DIGEST}"),
    ("newTag: 0.2.0\n    newName: localhost:5000/team/hello", "localhost:5000/team/hello:0.2.0"),
    ("newTag: 0.2.0\n    newName: registry.example.com/acme/flotilla-hello", "registry.example.com/acme/flotilla-hello:0.2.0"),
    ("newTag: 0.2.0\n    newName: hi", "hi:0.2.0"),
    (f"newTag: 0.2.0\n    newName: localhost:5000/hi\n    digest: {DIGEST}", f"localhost:5000/hi:0.2.0@{DIGEST}"),
])
def test_a_changed_tag_is_the_version_everywhere(tmp_path, environment, line, image):
    entry = "- name: flotilla/hello\n    "
    after, rolled = changed(tmp_path, environment, f"{entry}newTag: 0.1.0", entry + line)
    assert rolled == ["hello"]
    assert container(after["hello"])["image"] == image
    assert after["hello"]["metadata"]["labels"][VERSION] == "0.2.0"
    assert after["hello"]["spec"]["template"]["metadata"]["labels"][VERSION] == "0.2.0"
    assert VERSION not in after["hello"]["spec"]["selector"]["matchLabels"]


def test_a_password_of_ones_own_reaches_the_server(tmp_path):
    folder = copy(tmp_path) / "overlays/qa"
    fields = yaml.safe_load((folder / "kustomization.yaml").read_text())
    fields["patches"] = [{"path": "password.yaml"}]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(fields))
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "postgres"}, "stringData": {"password": "mine"}}
    (folder / "password.yaml").write_text(yaml.safe_dump(secret))
    assert workloads(build(folder))["postgres"]["spec"]["template"] != workloads(overlay("qa"))["postgres"]["spec"]["template"]


@pytest.mark.parametrize("line", [f"digest: {DIGEST}", f"digest: {DIGEST}\n    newName: hello"])
def test_a_digest_without_a_tag_is_refused(tmp_path, line):
    """For there is nothing that the version could be."""
    entry = "- name: flotilla/hello\n    "
    with pytest.raises(Refused, match="options.index 1 is out of bounds"):
        changed(tmp_path, "dev", f"{entry}newTag: 0.1.0", entry + line)
