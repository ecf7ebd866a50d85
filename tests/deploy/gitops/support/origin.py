"""The project in a repository of its own, and the Kargo kit with that repository's address."""

import shutil
from pathlib import Path

import yaml
from lib.promotion import GIT, Freight, Promotion, addressed
from lib.render import ROOT, run

from support.kits import GITOPS


class Origin:
    def __init__(self, folder: Path) -> None:
        self.folder, self.url, self.clone = folder, str(folder / "origin.git"), folder / "clone"
        for part in ("kustomize", "monitoring"):
            shutil.copytree(ROOT / part, self.clone / part)
        self.git(folder, "init", "--quiet", "--initial-branch=main", "clone")
        self.git(folder, "init", "--quiet", "--initial-branch=main", "--bare", "origin.git")
        self.push("The project")
        shutil.copytree(GITOPS / "kargo", folder / "kargo")
        self.kit = addressed(folder / "kargo", self.url)

    def git(self, where: Path | str, *arguments: str) -> str:
        return run("git", "-C", where, "-c", "user.name=tests", "-c", "user.email=tests@example.com", *arguments, env=GIT)

    def push(self, subject: str) -> None:
        """What was changed in the clone, as a person's commit."""
        self.git(self.clone, "add", "--all")
        self.git(self.clone, "commit", "--quiet", "--message", subject)
        self.git(self.clone, "push", "--quiet", self.url, "main")

    def log(self, *options: str) -> list[str]:
        return self.git(self.url, "log", *options, "main").splitlines()

    def tags(self, environment: str) -> dict[str, str]:
        overlay = yaml.safe_load(self.git(self.url, "show", f"main:kustomize/overlays/{environment}/kustomization.yaml"))
        return {image["name"].rpartition("/")[2]: image["newTag"] for image in overlay["images"]}

    def changed_lines(self) -> list[str]:
        """Of the last commit."""
        shown = self.git(self.url, "show", "--format=", "--unified=0", "main").splitlines()
        return [line for line in shown if line[:1] in "+-" and line[:3] not in ("+++", "---")]

    def promote(self, stage: str, given: Freight) -> tuple[list[str], list[dict], Path]:
        """The steps that were executed, the applications that were to be synced, and where it worked."""
        synced: list[dict] = []
        work = self.folder / f"promotion-{len(list(self.folder.iterdir()))}"
        work.mkdir()
        return Promotion(self.kit, stage, given, work, synced.extend).run(), synced, work
