"""A clone to try the release program on: what it reads, in a repository of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "gitops/release"
sys.path.insert(0, str(ROOT / PROGRAM))

# Nobody's configuration, and the same author everywhere.
ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "PYTHONDONTWRITEBYTECODE": "1"}
ENVIRONMENT |= {f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass
class Answer:
    code: int
    output: str
    error: str


@dataclass
class Clone:
    root: Path

    def release(self, *arguments: str) -> Answer:
        command = [sys.executable, self.root / PROGRAM, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, cwd="/")
        return Answer(done.returncode, done.stdout, done.stderr)

    def refusal(self, *arguments: str) -> str:
        """Why it is refused: one line, and no file differs."""
        before = self.files()
        answer = self.release(*arguments)
        assert (answer.code, answer.output) == (1, ""), answer
        assert answer.error.startswith("release: ") and answer.error.count("\n") == 1, answer.error
        assert self.files() == before
        return answer.error

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, env=ENVIRONMENT, cwd=self.root)
        return done.stdout.strip()

    def commit(self, *tags: str) -> None:
        self.git("commit", "--quiet", "--allow-empty", "--message", "a change")
        for tag in tags:
            self.git("tag", tag)

    def files(self) -> dict[str, bytes]:
        paths = (path for path in self.root.rglob("*") if path.is_file() and ".git" not in path.parts)
        return {str(path.relative_to(self.root)): path.read_bytes() for path in paths}

    def edit(self, name: str, change: Callable[[str], str]) -> None:
        path = self.root / name
        before = path.read_bytes().decode()
        after = change(before)
        assert after != before, f"{name} is not what the test takes it for"
        path.write_bytes(after.encode())


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    root = tmp_path / "clone"
    for folder in (PROGRAM, "charts", "kustomize/overlays"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, root / folder, symlinks=True, ignore=ignored)
    shutil.copy(ROOT / "Cargo.toml", root)
    result = Clone(root)
    result.git("init", "--quiet", "--initial-branch", "main")
    result.commit()
    return result
