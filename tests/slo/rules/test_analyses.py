"""The queries of gitops/rollouts and gitops/flagger: on what exists, with the lines of the objectives, and exact on series that are known."""

import re
import subprocess
from pathlib import Path

import promql_parser as promql
import pytest
import references
import yaml

QUESTIONS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((references.ROOT / "gitops/rollouts").glob("*.yaml"))}
QUESTIONS = {name: document for name, document in QUESTIONS.items() if document["kind"] == "ClusterAnalysisTemplate"}
GIVEN = {"service": "hello", "namespace": "shop", "canary-hash": "abc", "stable-hash": "def", "caller": "front", "canary-service": "hello-canary"}
FLAGGER = {"namespace": "shop", "target": "hello", "interval": "1m"}
METRIC_TEMPLATES = {
    document["metadata"]["name"].removeprefix("flotilla-"): document
    for document in yaml.safe_load_all((references.ROOT / "gitops/flagger/metrics.yaml").read_text())
}


def metric(name: str) -> dict:
    [only] = QUESTIONS[name]["spec"]["metrics"]
    return only


def query(name: str) -> str:
    """As the controller resolves it."""
    values = {arg["name"]: GIVEN.get(arg["name"], arg.get("value")) for arg in QUESTIONS[name]["spec"]["args"]}
    return re.sub(r"\{\{args\.([a-z-]+)\}\}", lambda found: values[found[1]], metric(name)["provider"]["prometheus"]["query"])


def of_flagger(name: str) -> str:
    return re.sub(r"\{\{ (\w+) \}\}", lambda found: FLAGGER[found[1]], METRIC_TEMPLATES[name]["spec"]["query"])


QUERIES = {name: query(name) for name in QUESTIONS if "prometheus" in metric(name)["provider"]}
QUERIES |= {f"flagger {name}": of_flagger(name) for name in METRIC_TEMPLATES}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_refers_to_what_exists(name: str, known: references.Known) -> None:
    assert references.problems(QUERIES[name], known) == []


def test_what_counts_as_a_request_is_what_the_objectives_say() -> None:
    rules = [rule["expr"] for rule in references.rules()]
    assert len({paths for text in [*rules, *QUERIES.values()] for paths in excluded(text)}) == 1


def excluded(text: str) -> set[str]:
    return {
        matcher.value
        for selector in references.selectors(promql.parse(text))
        if selector.name and selector.name.startswith("http_request")
        for matcher in selector.matchers.matchers
        if matcher.name == "path"
    }


def test_the_lines_are_those_of_the_objectives() -> None:
    budget = next(rule["expr"] for rule in references.rules() if rule.get("record") == "env:slo_error_budget:ratio" and rule["labels"]["env"] == "staging")
    allowed = round(1 - float(re.fullmatch(r"vector\((.+)\)", budget)[1]), 6)
    for name in ("success-rate", "by-route", "stable-success-rate", "caller-success-rate"):
        assert lines(name) == {allowed}
    alert = next(rule["expr"] for rule in references.rules() if rule.get("alert") == "LatencyHigh")
    edge, within = re.search(r"within_(\d+)ms_ratio_rate5m < ([\d.]+)", alert).groups()
    assert lines("latency") == {float(within)}
    assert f'le="{int(edge) / 1000}"' in QUERIES["latency"]
    canary = yaml.safe_load((references.ROOT / "gitops/flagger/canary.yaml").read_text())
    assert {m["name"]: m["thresholdRange"] for m in canary["spec"]["analysis"]["metrics"]} == {
        "success-rate": {"min": allowed},
        "latency": {"min": float(within)},
        "by-route": {"min": allowed},
        "restarts": {"max": 0},
    }


def lines(name: str) -> set[float]:
    conditions = metric(name)["successCondition"] + metric(name)["failureCondition"]
    return {float(number) for number in re.findall(r"result\[0\] (?:<=|>=|<|>|==) ([\d.]+)", conditions)}


@pytest.mark.parametrize("name", [name for name in QUERIES if name in QUESTIONS])
def test_no_value_is_neither_a_success_nor_a_failure(name: str) -> None:
    """Argo calls it inconclusive when neither condition holds; a comparison with NaN is false."""
    assert all(metric(name)[key].startswith("len(result) > 0 && ") for key in ("successCondition", "failureCondition"))
    assert metric(name)["inconclusiveLimit"] == 5


CANARY = 'namespace="shop",service="hello",pod="hello-abc-x1",version="2",container="hello"'
# Flagger's pods in service.
PRIMARY = CANARY.replace("hello-abc", "hello-primary-abc")
STABLE = 'namespace="shop",service="hello",pod="hello-def-x2",version="1",container="hello"'
CALLER = 'namespace="shop",service="front",pod="front-ghi-x3",version="1",container="front"'
# What a pod answers a second, by path and status.
FINE = {("/success", "200"): 18, ("/work", "200"): 2}
ROUTE = {("/success", "200"): 18, ("/work", "200"): 1.8, ("/work", "500"): 0.2}
NONE: dict[tuple[str, str], float] = {("/success", "200"): 0, ("/success", "500"): 0}


def requests(labels: str, rates: dict[tuple[str, str], float]) -> list[tuple[str, str]]:
    return [(f'http_requests_total{{{labels},path="{path}",status="{status}"}}', f"0+{15 * rate}x20") for (path, status), rate in rates.items()]


def durations(labels: str, within: float, status: str = "200") -> list[tuple[str, str]]:
    common = f'{labels},path="/success",status="{status}"'
    return [
        (f'http_request_duration_seconds_bucket{{{common},le="0.4"}}', f"0+{15 * within}x20"),
        (f"http_request_duration_seconds_count{{{common}}}", "0+150x20"),
    ]


def probes(ok: float, refused: float) -> list[tuple[str, str]]:
    name = f'management_http_requests_total{{{CANARY},path="/readyz"'
    return [(f'{name},status="{status}"}}', f"0+{3 * rate}x20") for status, rate in (("200", ok), ("503", refused)) if rate]


def memory(used: str, limit: str) -> list[tuple[str, str]]:
    return [(f"container_memory_working_set_bytes{{{CANARY}}}", f"{used}x20"), (f"{limit},{CANARY}}}", "64x20")]


CADVISOR, STATE = 'container_spec_memory_limit_bytes{id="a"', 'kube_pod_container_resource_limits{resource="memory"'
BROKEN = {("/success", "200"): 97, ("/success", "500"): 3, ("/fail", "500"): 50, ("unmatched", "404"): 9}

# A question, the series, and the value: a number, NaN, or None for an empty vector.
CASES = [
    ("success-rate", requests(CANARY, BROKEN) + requests(STABLE, {("/success", "500"): 9}), 0.97),
    ("success-rate", requests(CANARY, FINE), 1),
    ("success-rate", requests(CANARY, NONE), None),
    ("success-rate", requests(CANARY, {("/success", "200"): 0.7, ("/success", "500"): 0.1}), None),
    ("success-rate", requests(STABLE, FINE), None),
    ("stable-success-rate", requests(CANARY, FINE) + requests(STABLE, {("/products", "200"): 1, ("/products", "500"): 1}), 0.5),
    ("stable-success-rate", requests(CANARY, FINE), None),
    ("caller-success-rate", requests(CANARY, FINE) + requests(CALLER, {("/s3-buckets", "200"): 4, ("/s3-buckets", "502"): 1}), 0.8),
    ("by-route", requests(CANARY, ROUTE), 0.9),
    ("by-route", requests(CANARY, {("/success", "200"): 18, ("/work", "200"): 0.05, ("/work", "500"): 0.05}), 1),
    ("by-route", requests(CANARY, FINE), 1),
    ("by-route", requests(CANARY, NONE), None),
    ("latency", durations(CANARY, 9) + durations(CANARY, 10, "500") + durations(STABLE, 1), 0.9),
    ("latency", durations(STABLE, 10), None),
    ("latency", [(name, "0+10x20") for name, _ in durations(CANARY, 1)], None),
    ("memory", memory("32", CADVISOR), 0.5),
    ("memory", memory("60", STATE), 0.9375),
    ("memory", memory("60", CADVISOR)[:1], None),
    ("memory", [(name.replace(',container="hello"', ""), values) for name, values in memory("48", CADVISOR)], 0.75),
    ("restarts", [(f"process_start_time_seconds{{{CANARY}}}", "5x20")], 0),
    ("restarts", [(f"process_start_time_seconds{{{CANARY}}}", "5x5 _x1 9x12")], 1),
    ("restarts", [(f"process_start_time_seconds{{{STABLE}}}", "5x5 9x12")], None),
    ("readiness", probes(1, 0), 1),
    ("readiness", probes(0, 1), 0),
    ("readiness", probes(3, 1), 0.75),
    ("readiness", [], None),
    ("flagger success-rate", requests(CANARY, BROKEN) + requests(PRIMARY, BROKEN | FINE), 0.97),
    ("flagger success-rate", requests(CANARY, NONE), "NaN"),
    ("flagger success-rate", requests(PRIMARY, FINE), None),
    ("flagger by-route", requests(CANARY, ROUTE | {("/", "200"): 0}) + requests(PRIMARY, BROKEN), 0.9),
    ("flagger by-route", requests(CANARY, FINE), 1),
    ("flagger by-route", requests(PRIMARY, FINE), None),
    ("flagger restarts", [(f"process_start_time_seconds{{{CANARY}}}", "5x5 _x1 9x12"), (f"process_start_time_seconds{{{PRIMARY}}}", "5x5 9x12")], 1),
    ("flagger restarts", [(f"process_start_time_seconds{{{PRIMARY}}}", "5x5 9x12")], None),
    ("flagger memory", memory("60", STATE), 0.9375),
    ("flagger memory", [(name.replace(CANARY, PRIMARY), values) for name, values in memory("60", CADVISOR)], None),
    ("flagger latency", durations(CANARY, 9) + durations(PRIMARY, 2), 0.9),
]


@pytest.mark.parametrize(("name", "series", "value"), CASES, ids=[f"{case[0]} {case[2]}" for case in CASES])
def test_a_query_measures(name: str, series: list[tuple[str, str]], value: float | str | None, tmp_path: Path) -> None:
    query = QUERIES[name]
    if value == "NaN":
        # promtool compares, and nothing is equal to NaN.
        query, value = f"count(({query}) != ({query}))", 1
    measures(query, series, value, tmp_path)


def measures(query: str, series: list[tuple[str, str]], value: float | str | None, tmp_path: Path) -> None:
    """Has promtool compare; None is an empty vector."""
    sample = {"labels": "{}", "value": value} if value is not None else None
    test = {
        "interval": "15s",
        "input_series": [{"series": series_name, "values": values} for series_name, values in series],
        "promql_expr_test": [{"expr": query, "eval_time": "5m", "exp_samples": [sample] if sample else []}],
    }
    file = tmp_path / "case.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_question_with_a_query_has_cases() -> None:
    assert {name for name, *_ in CASES} == QUERIES.keys()
