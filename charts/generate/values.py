"""values.yaml: its first part is the service's own, the second the same for all; and what its comments say."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

MARKER = "# The following is the same for every service. GENERATED: edit charts/generate/values.yaml.\n"
KEY = re.compile(r"(?P<indent> *)(?P<key>[\w.-]+):(?P<rest>.*)")
COMMENT = re.compile(r" {2}# (.+)$")


class Value(NamedTuple):
    """A key of values.yaml, its default and what its comment says of it (empty: the comment of a parent covers it)."""

    path: tuple[str, ...]
    default: Any
    comment: str


def charts(folder: Path) -> list[Path]:
    """The charts that can be installed, so not the library."""
    found = sorted(path.parent for path in folder.glob("*/Chart.yaml"))
    return [chart for chart in found if yaml.safe_load((chart / "Chart.yaml").read_text())["type"] == "application"]


def completed(chart: Path) -> str:
    """values.yaml with its second part as it must be."""
    own = (chart / "values.yaml").read_text().partition(MARKER)[0].rstrip("\n")
    common = (Path(__file__).parent / "values.yaml").read_text().replace("NAME", chart.name)
    return f"{own}\n\n{MARKER}{common}"


def documented(text: str) -> list[Value]:
    """Every key, in order; parents before what they hold."""
    data = yaml.safe_load(text)
    found, path = [], []
    for line in text.splitlines():
        match = KEY.fullmatch(line)
        if not match:
            continue
        path[len(match["indent"]) // 2 :] = [match["key"]]
        comment = COMMENT.search(match["rest"])
        default = data
        for key in path:
            # Keys of list items are part of their list's default.
            default = default.get(key) if isinstance(default, dict) else None
        if default is not None:
            found.append(Value(tuple(path), default, comment.group(1) if comment else ""))
    return found
