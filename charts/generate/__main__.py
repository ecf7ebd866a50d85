"""Writes what the charts have in common, once for each: the second part of values.yaml, values.schema.json, README.md.

usage: .venv/bin/python charts/generate [--check]     --check: writes nothing, exits with 1 when a file is stale

Needs the services' debug builds: the schema knows their variables from `--help`.
"""

import difflib
import sys
from pathlib import Path

import readme
import schema
import values

CHARTS = Path(__file__).resolve().parent.parent


def files(chart: Path) -> dict[Path, str]:
    """What the generated files of a chart must contain."""
    completed = values.completed(chart)
    documented = values.documented(completed)
    return {
        chart / "values.yaml": completed,
        chart / "values.schema.json": schema.text(chart.name, documented),
        chart / "README.md": readme.text(chart, documented),
    }


def stale(path: Path, text: str, check: bool) -> bool:
    """Whether a file differs from what it must contain; it is written, or with `check` shown."""
    before = path.read_text() if path.exists() else ""
    if before == text:
        return False
    name = str(path.relative_to(CHARTS.parent))
    if check:
        sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), text.splitlines(True), name, "generated"))
    else:
        path.write_text(text)
        print(f"written: {name}")
    return True


def main(arguments: list[str]) -> int:
    check = arguments == ["--check"]
    if arguments and not check:
        sys.exit(__doc__)
    wanted = [item for chart in values.charts(CHARTS) for item in files(chart).items()]
    found = [path for path, text in wanted if stale(path, text, check)]
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
