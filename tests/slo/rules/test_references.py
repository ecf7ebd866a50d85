"""No rule refers to a metric or a label that does not exist, and no matcher asks for a value that never comes."""

import promql_parser as promql
import pytest
import references

RULES = list(references.rules())
NAMES = [rule.get("record") or f"{rule['alert']}-{rule['labels']['severity']}" for rule in RULES]

# Series that come with the first failure, and not at start: services/product-api/src/catalogue/metrics.rs.
LATER = {"database_operation_duration_seconds_count": {"error", "timeout"}}


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_refers_to_what_exists(rule: dict, known: references.Known) -> None:
    assert references.problems(rule["expr"], known) == []


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_matcher_asks_for_values_that_the_services_have(rule: dict, scrapes: dict[str, str]) -> None:
    for selector in references.selectors(promql.parse(rule["expr"])):
        for matcher in selector.matchers.matchers:
            real = references.values(scrapes, selector.name, matcher.name)
            # `5..` and the like are patterns, not lists of values.
            if real and matcher.name in ("path", "outcome", "le"):
                asked = set(matcher.value.split("|")) - LATER.get(selector.name, set())
                assert asked <= real, f"{selector.name}: {matcher.name} is never {asked - real}"


def test_one_selector_says_what_the_sli_is() -> None:
    """Every rule and every runbook's query over the public listener's requests excludes the same paths."""
    queries = [rule["expr"] for rule in RULES]
    queries += [query for path in references.RUNBOOKS for query in references.of_runbook(path)]
    public = ("http_requests_total", "http_request_duration_seconds_bucket", "http_request_duration_seconds_count")
    excluded = {
        str([(matcher.op, matcher.value) for matcher in selector.matchers.matchers if matcher.name == "path"])
        for query in queries
        for selector in references.selectors(promql.parse(query))
        if selector.name in public
    }
    assert len(excluded) == 1


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("rate(http_request_total[5m])", "no metric http_request_total"),
        ('http_requests_total{code="500"}', "http_requests_total: no label code"),
        ("sum by (services) (http_requests_total)", "sum by (services): no label services"),
        ("up_to_date", "no metric up_to_date"),
        ("sum by (service) (http_requests_total) / on (namespace) sum(http_requests_total)", "no label namespace"),
        ("sum by (service) (http_requests_total) / sum by (namespace) (http_requests_total)", "never meet"),
        ('namespace_service:http_requests:rate5m{version="1"}', "no label version"),
        ('label_replace(rollout_info, "a", "$1", "pods", "(.+)")', "label_replace: no label pods"),
    ],
)
def test_the_check_finds_what_does_not_exist(query: str, problem: str, known: references.Known) -> None:
    assert any(problem in found for found in references.problems(query, known))
