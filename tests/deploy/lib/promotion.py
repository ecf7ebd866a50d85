"""Executes a promotion as Kargo would: the steps of the kit's PromotionTask in their order, with real git and kustomize.

Each step takes what its page of Kargo's reference says (docs.kargo.io, Promotion Steps) and no more: a field that is not an
argument here is an error.
"""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lib.expressions import ask, evaluated
from lib.render import Document, documents, find, kustomize, run

# Nothing of the machine's own configuration, such as a signature.
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass
class Freight:
    """What one warehouse has found: a tag of its image, or a commit."""

    warehouse: str
    images: dict[str, str] = field(default_factory=dict)


# The tests' own, in place of the placeholder in the kit; nothing is pulled from it.
REGISTRY = "registry.example.com/fleet"


def freight(service: str, tag: str) -> Freight:
    return Freight(service, {f"{REGISTRY}/{service}": tag})


def addressed(kit: Path, repository: str) -> list[Document]:
    """A copy of gitops/kargo, rendered with the address of a repository."""
    file = kit / "kustomization.yaml"
    kustomization = yaml.safe_load(file.read_text())
    kustomization["configMapGenerator"][0]["literals"] = [f"repository={repository}", "branch=main", f"registry={REGISTRY}"]
    file.write_text(yaml.safe_dump(kustomization))
    return documents(kustomize(kit))


@dataclass
class Promotion:
    kit: list[Document]
    stage: str
    freight: Freight
    # A folder of its own.
    work: Path
    # argocd-update: with the applications as they are written.
    update: Callable[[list[dict[str, Any]]], None]
    outputs: dict[str, Any] = field(default_factory=dict)

    def run(self) -> list[str]:
        """Returns the steps that were executed."""
        executed = []
        for step in self.steps():
            environment = self.environment()
            if "if" in step and self.evaluate(step["if"], environment) != "true":
                continue
            execute = getattr(self, step["uses"].replace("-", "_"))
            output = execute(**{snake(key): value for key, value in self.evaluate(step["config"], environment).items()})
            if "as" in step:
                self.outputs[step["as"]] = output
            executed.append(step["uses"])
        return executed

    def task(self) -> Document:
        [step] = find(self.kit, "Stage", self.stage)["spec"]["promotionTemplate"]["spec"]["steps"]
        return find(self.kit, "PromotionTask", step["task"]["name"])

    def steps(self) -> list[dict[str, Any]]:
        return self.task()["spec"]["steps"]

    def environment(self) -> dict[str, Any]:
        context = {"stage": self.stage, "targetFreight": {"origin": {"name": self.freight.warehouse}}}
        variables: dict[str, Any] = {}
        for variable in self.task()["spec"]["vars"]:
            variables[variable["name"]] = self.evaluate(variable["value"], {"ctx": context, "vars": variables})
        return {"ctx": context, "vars": variables, "task": {"outputs": self.outputs}}

    def evaluate(self, config: Any, environment: dict[str, Any]) -> Any:
        return evaluated(config, environment, self.freight.images)

    def git(self, folder: str, *arguments: str) -> str:
        return run("git", "-C", self.work / folder, *arguments, env=GIT)

    def git_clone(self, repo_url: str, checkout: list[dict[str, str]], author: dict[str, str]) -> None:
        [wanted] = checkout
        run("git", "clone", "--quiet", "--branch", wanted["branch"], repo_url, self.work / wanted["path"], env=GIT)
        for name, value in author.items():
            self.git(wanted["path"], "config", f"user.{name}", value)

    def yaml_parse(self, path: str, outputs: list[dict[str, str]]) -> dict[str, Any]:
        parsed = yaml.safe_load((self.work / path).read_text())
        return {output["name"]: ask(expression=output["fromExpression"], environment=parsed) for output in outputs}

    def yaml_update(self, path: str, updates: list[dict[str, str]]) -> None:
        for update in updates:
            replace_value(self.work / path, update["key"].split("."), update["value"])

    def kustomize_build(self, path: str, out_path: str) -> None:
        (self.work / out_path).write_text(run("kubectl", "kustomize", self.work / path))

    def git_commit(self, path: str, message: str) -> None:
        self.git(path, "add", "--all")
        if subprocess.run(["git", "-C", self.work / path, "diff", "--cached", "--quiet"]).returncode:
            self.git(path, "commit", "--quiet", "--message", message)

    def git_push(self, path: str) -> None:
        self.git(path, "pull", "--quiet", "--rebase")
        self.git(path, "push", "--quiet")

    def argocd_update(self, apps: list[dict[str, Any]]) -> None:
        self.update(apps)


def snake(key: str) -> str:
    """Of a step's field, the argument here: repoURL, outPath."""
    return {"repoURL": "repo_url", "outPath": "out_path"}.get(key, key)


def replace_value(file: Path, keys: list[str], value: str) -> None:
    """Writes a scalar anew and its line's rest away, and leaves every other line as it is."""
    text = file.read_text()
    node = yaml.compose(text)
    for key in keys:
        node = node.value[int(key)] if isinstance(node, yaml.SequenceNode) else child(node, key)
    assert isinstance(node, yaml.ScalarNode), f"{'.'.join(keys)} is no scalar"
    lines = text.splitlines(keepends=True)
    mark = node.start_mark
    lines[mark.line] = f"{lines[mark.line][: mark.column]}{value}\n"
    file.write_text("".join(lines))


def child(node: yaml.Node, key: str) -> yaml.Node:
    [found] = [value for name, value in node.value if name.value == key]
    return found
