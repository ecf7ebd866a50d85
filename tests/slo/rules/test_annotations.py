"""Every alert tells what it is, with its value, and leads to a runbook that exists; and no runbook is left over."""

import re
import sys

import pytest
import references

sys.path.insert(0, str(references.ROOT / "monitoring"))

import render  # noqa: E402  (after the path)

ALERTS = [rule for rule in references.rules() if "alert" in rule]
RUNBOOKS = references.RUNBOOKS
SECTIONS = ["What it means", "How to see it", "What to do"]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: "-".join([rule["alert"], *rule["labels"].values()]))
def test_an_alert_is_complete(rule: dict) -> None:
    assert rule["labels"]["severity"] in ("page", "warning", "info")
    annotations = rule["annotations"]
    assert annotations.keys() == {"summary", "description", "runbook_url"}
    assert "$value" in annotations["description"]
    assert annotations["runbook_url"] == f"{render.RUNBOOKS}/{rule['alert']}.md"


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    assert {path.stem for path in RUNBOOKS} == {rule["alert"] for rule in ALERTS}


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_a_runbook_says_what_it_means_how_to_see_it_and_what_to_do(path) -> None:
    text = path.read_text()
    assert text.startswith(f"# {path.stem}\n")
    assert re.findall(r"(?m)^## (.*)$", text) == SECTIONS


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_the_queries_of_a_runbook_refer_to_what_exists(path, known: references.Known) -> None:
    queries = references.of_runbook(path)
    assert queries
    for query in queries:
        assert references.problems(query, known) == [], query


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_the_links_of_a_runbook_lead_to_others(path) -> None:
    for link in re.findall(r"\]\(([^)]*)\)", path.read_text()):
        assert (path.parent / link).is_file(), link
