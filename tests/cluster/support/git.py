"""A Git repository that the cluster's controllers can fetch, with this project in it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.rendering import ROOT

# What is delivered; a controller needs no more of the project.
DELIVERED = ("charts", "gitops", "kustomize", "monitoring")
# Nothing of the machine's own configuration, such as a signature.
SETTINGS = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
AUTHOR = ("-c", "user.name=tests", "-c", "user.email=tests@example.com")


class Repository:
    def __init__(self, clone: Path, url: str) -> None:
        self.clone, self.url = clone, url

    def push(self, subject: str) -> str:
        """Commits everything that was changed in the clone; returns the commit."""
        git(self.clone, "add", "--all")
        git(self.clone, *AUTHOR, "commit", "--quiet", "--message", subject)
        git(self.clone, "push", "--quiet", "origin", "main")
        return self.head()

    def head(self) -> str:
        return git(self.clone, "rev-parse", "HEAD").strip()

    def replace(self, path: str, old: str, new: str) -> None:
        file = self.clone / path
        text = file.read_text()
        assert old in text, f"{path} has no {old}"
        file.write_text(text.replace(old, new))


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", folder, *arguments], env=os.environ | SETTINGS, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def repository(name: str) -> Iterator[Repository]:
    """The project as it is now, uncommitted changes too, as the first commit."""
    bare = Path(os.environ["FLOTILLA_GIT_FOLDER"]) / f"{name}.git"
    shutil.rmtree(bare, ignore_errors=True)
    bare.mkdir()
    try:
        git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
        git(bare, "config", "http.receivepack", "true")
        with tempfile.TemporaryDirectory(prefix="flotilla-clone-") as folder:
            clone = Path(folder)
            git(clone, "init", "--quiet", "--initial-branch=main")
            git(clone, "remote", "add", "origin", str(bare))
            for part in DELIVERED:
                shutil.copytree(ROOT / part, clone / part, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            found = Repository(clone, f"{os.environ['FLOTILLA_GIT_URL']}/{name}.git")
            found.push("The project as it is")
            yield found
    finally:
        shutil.rmtree(bare, ignore_errors=True)
