"""What has been released: the tags of the repository."""

import subprocess
import tomllib
from pathlib import Path

from version import PATTERN, Refused, Version


def highest(root: Path, besides: Version | None = None) -> Version | None:
    """The highest released version, pre-releases included; None before the first. A tag `besides` on the commit that is
    checked out is the release in question, and not an earlier one."""
    names = [name for name in git(root, "tag", "--list", "v*").split() if PATTERN.fullmatch(name)]
    if besides:
        here = git(root, "tag", "--list", "--points-at", "HEAD").split()
        names = [name for name in names if name != f"v{besides}" or name not in here]
    return max(map(Version.parse, names), default=None)


def higher(root: Path, version: Version) -> Version:
    """The version itself, if it may be released."""
    released = highest(root, besides=version)
    if released and not released < version:
        raise Refused(f"{version} is not higher than {released}, which is released already")
    return version


def latest(root: Path) -> Version:
    """The highest released version; before the first, that of the sources."""
    if released := highest(root):
        return released
    return Version.parse(tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["version"])


def of_commit(root: Path) -> Version:
    """The version of a commit between releases: after the last, a pre-release too, and after older commits."""
    last = latest(root)
    count = git(root, "rev-list", "--count", "HEAD").strip()
    # The letter keeps a hash of digits alone from being a number.
    commit = "g" + git(root, "rev-parse", "--short=12", "HEAD").strip()
    return Version(last.major, last.minor, last.patch + 1, ("dev", count, commit))


def git(root: Path, *arguments: str) -> str:
    def run(*command: str) -> str:
        done = subprocess.run(["git", "-C", root, *command], capture_output=True, text=True)
        if done.returncode != 0:
            raise Refused(f"git {' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    if run("rev-parse", "--is-shallow-repository").strip() == "true":
        raise Refused("this clone is shallow, so it does not know what was released: git fetch --unshallow --tags")
    return run(*arguments)
