"""What the READMEs of delivery point at is there, and no kit is left out."""

import re
from pathlib import Path

import pytest
from lib.render import ROOT
from support.kits import GITOPS

READMES = [ROOT / "README.md", ROOT / "docs/MIGRATION.md", *sorted(GITOPS.rglob("README.md"))]
KITS = {folder.name for folder in GITOPS.iterdir() if folder.is_dir()}


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_link_leads_to_what_is_there(readme: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", readme.read_text())
    assert links and [link for link in links if not (readme.parent / link).exists()] == []


@pytest.mark.parametrize("heading", ["# Delivery kits", "## What each was tested against"])
def test_each_kit_has_its_row(heading: str) -> None:
    text = (GITOPS / "README.md").read_text().partition(f"{heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| \[?([\w.-]+)", text, re.MULTILINE)
    assert KITS <= set(rows), KITS - set(rows)


def test_the_main_readme_names_each_kit() -> None:
    assert [kit for kit in KITS if f"gitops/{kit}" not in (ROOT / "README.md").read_text()] == []
