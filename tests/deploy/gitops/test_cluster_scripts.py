"""gitops/cluster without a cluster: what up.sh would do, in which order, and that `--dry-run` does none of it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from lib.render import ROOT, SERVICES, documents
from lib.schemas import is_custom, problems

FOLDER = ROOT / "gitops/cluster"
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.sh") if path.stat().st_mode & 0o100)
TOOLS = ("docker", "kind", "helm", "curl", "kubectl")
VERSIONS = dict(re.findall(r"(?m)^(\w+)=(\S+)", (FOLDER / "versions.env").read_text()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH on which every tool says that it was called; kubectl still renders, which changes nothing."""
    for command in ("bash", "dirname", "basename", "sed", "sort", "mktemp", "cat", "rm", "id", "ps"):
        (tmp_path / command).symlink_to(shutil.which(command))
    for tool in TOOLS:
        rendering = f'[ "$1" != kustomize ] || exec {shutil.which("kubectl")} "$@"\n' if tool == "kubectl" else ""
        (tmp_path / tool).write_text(f'#!{shutil.which("bash")}\n{rendering}echo "{tool} $*" >>{tmp_path}/called\nexit 1\n')
        (tmp_path / tool).chmod(0o755)
    return tmp_path


def script(name: str, *arguments: str, path: Path) -> tuple[int, str]:
    environment = {"PATH": str(path), "HOME": os.environ["HOME"]}
    done = subprocess.run([FOLDER / name, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def dry(name: str, *arguments: str, path: Path) -> list[str]:
    code, said = script(name, *arguments, "--dry-run", path=path)
    assert code == 0, said
    assert not (path / "called").exists(), (path / "called").read_text()
    return said.splitlines()


ALL = ("--kargo", "--monitoring"), ("--flux", "--rollouts"), ("--argocd",), (), ("--existing",)


@pytest.mark.parametrize("options", ALL, ids=" ".join)
def test_every_step_is_said_before_its_commands_and_nothing_is_done(options: tuple[str, ...], path: Path) -> None:
    lines = dry("up.sh", *options, path=path)
    assert lines[0].startswith("==> ") and lines[-1].startswith("==> ")
    assert all(re.match(r"==> \S|    (docker|kind|kubectl|helm) ", line) for line in lines), lines
    assert ("kind create cluster" in "".join(lines)) is ("--existing" not in options)


@pytest.mark.parametrize("options", ALL, ids=" ".join)
def test_what_is_applied_is_there_and_what_is_fetched_is_pinned(options: tuple[str, ...], path: Path) -> None:
    text = "\n".join(dry("up.sh", *options, path=path))
    for name in re.findall(r"--(?:kustomize|filename|values|config) ((?!http|/|-)\S+)", text):
        assert (ROOT / name).exists(), name
    for address in re.findall(r"https://\S+", text):
        assert any(f"/{version}/" in address for version in VERSIONS.values()), address
    assert all("--version" in line for line in text.splitlines() if "oci://" in line)
    assert "latest" not in text


def test_kargo_comes_after_what_it_needs(path: Path) -> None:
    steps = [line.split()[1] for line in dry("up.sh", "--kargo", path=path) if line.startswith("==> ")]
    assert steps[:5] == ["cluster", "registry:", "images:", "gateway:", "metrics-server"]
    kits = [line.rpartition(" ")[2] for line in dry("up.sh", "--kargo", path=path) if "--kustomize gitops" in line]
    assert kits[-2:] == ["gitops/argocd", "gitops/kargo"]


def test_every_image_of_dev_is_built_and_pushed_under_its_name(path: Path) -> None:
    text = "\n".join(dry("up.sh", path=path))
    overlay = yaml.safe_load((ROOT / "kustomize/overlays/dev/kustomization.yaml").read_text())
    for entry in overlay["images"]:
        image = f"127.0.0.1:5001/{entry['name']}:{entry['newTag']}"
        assert f"--build-arg SERVICE={entry['name'].rpartition('/')[2]} --build-arg SERVICE_VERSION={entry['newTag']} --tag {image} ." in text
        assert f"docker push {image}" in text
    assert text.count("docker push") == len(SERVICES)


@pytest.mark.parametrize("arguments", [("--everything",), ("--argocd", "--flux"), ("--kargo", "--flux")], ids=" ".join)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...], path: Path) -> None:
    code, said = script("up.sh", *arguments, path=path)
    assert code in (1, 2) and ("usage: up.sh" in said or "both would own the same objects" in said)
    assert not (path / "called").exists()


@pytest.mark.parametrize(
    ("name", "arguments", "tool"),
    [("up.sh", (), "docker"), ("up.sh", (), "kind"), ("up.sh", ("--monitoring",), "helm"), ("up.sh", (), "kubectl"), ("down.sh", (), "kind"),
     ("check.sh", (), "kubectl"), ("hpa-demo.sh", ("run",), "kubectl"), ("debug-metrics.sh", (), "kubectl")],
)
def test_a_missing_tool_is_named_with_how_to_get_it(name: str, arguments: tuple[str, ...], tool: str, path: Path) -> None:
    (path / tool).unlink()
    code, said = script(name, *arguments, path=path)
    assert code == 1
    assert re.fullmatch(rf"{re.escape(name)}: {tool} is missing: https://\S+\n", said), said
    assert not (path / "called").exists()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_wrong_argument_is_answered_with_the_usage(name: str, path: Path) -> None:
    code, said = script(name, "--wrong", path=path)
    assert code == 2 and f"usage: {name}" in said


def test_the_demonstration_says_what_it_starts_and_removes(path: Path) -> None:
    started = dry("hpa-demo.sh", "run", "--rate", "9/s", path=path)
    assert any("autoscale deployment hello --name hello-demo" in line for line in started)
    assert any(re.search(r"load http://127\.0\.0\.1:8080/work\S* .*--rate 9/s --for 5m", line) for line in started)
    assert any("delete hpa hello-demo" in line for line in dry("hpa-demo.sh", "stop", path=path))
    assert dry("down.sh", path=path)[1].split() == ["kind", "delete", "cluster", "--name", "flotilla"]


def test_every_door_is_mapped_to_this_machine() -> None:
    kind = yaml.safe_load((FOLDER / "kind.yaml").read_text())
    assert [node["role"] for node in kind["nodes"]] == ["control-plane", "worker", "worker"]
    mapped = {port["containerPort"]: port for node in kind["nodes"] for port in node.get("extraPortMappings", [])}
    doors = [d for d in manifests() if d["kind"] == "Service" and d["spec"]["type"] == "NodePort"]
    assert sorted(d["spec"]["ports"][0]["nodePort"] for d in doors) == sorted(mapped)
    assert all("flotilla/door" in d["metadata"]["labels"] for d in doors)
    assert all((port["hostPort"], port["listenAddress"]) == (number - 22000, "127.0.0.1") for number, port in mapped.items())
    # The tests' own cluster may run beside it.
    tests = yaml.safe_load((ROOT / "tests/cluster/kind.yaml").read_text())
    taken = {port["hostPort"] for node in tests["nodes"] for port in node.get("extraPortMappings", [])}
    assert not taken & {port["hostPort"] for port in mapped.values()}


def test_the_manifests_are_valid_and_the_gateway_is_one_that_policies_let_in() -> None:
    found = manifests()
    assert problems([d for d in found if not is_custom(d) and not d["apiVersion"].startswith("rbac")]) == []
    [home] = {d["metadata"]["namespace"] for d in found if d["metadata"]["name"] == "traefik" and d["kind"] == "Deployment"}
    assert home in yaml.safe_load((ROOT / "charts/hello/values.yaml").read_text())["networkPolicy"]["ingressNamespaces"]


def manifests() -> list[dict]:
    files = (FOLDER / "gateway.yaml", *sorted((FOLDER / "doors").glob("*.yaml")))
    return [document for file in files for document in documents(file.read_text())]
