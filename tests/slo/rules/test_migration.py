"""docs/MIGRATION.md: the queries that it offers find something."""

import re

import promql_parser as promql
import pytest
import references

MIGRATION = references.ROOT / "docs/MIGRATION.md"
QUERIES = references.of_runbook(MIGRATION)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_refers_to_what_exists(query: str, known: references.Known) -> None:
    assert references.problems(query, known) == []


@pytest.mark.parametrize("query", QUERIES)
def test_a_matcher_asks_for_values_that_the_services_have(query: str, scrapes: dict[str, str]) -> None:
    for selector in references.selectors(promql.parse(query)):
        for matcher in selector.matchers.matchers:
            if matcher.name in ("path", "le"):
                assert matcher.value in references.values(scrapes, selector.name, matcher.name), matcher.value


PROGRAMS = ("nginx", "Flask", "Express", "FastAPI", "Two Flask services", "podinfo")


@pytest.mark.parametrize("program", PROGRAMS)
def test_there_is_a_query_for_each_program(program: str) -> None:
    assert re.search(rf"(?m)^{program}[^\n]*:\n\n```promql\n", MIGRATION.read_text())
