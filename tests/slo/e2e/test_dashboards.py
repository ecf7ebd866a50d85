"""The dashboards are what their script makes, are well-formed, and every query of theirs returns data."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import urllib.parse
from itertools import combinations
from pathlib import Path

import promql_parser
import pytest
import references
from e2e import dashboards
from e2e.dashboards import FILES, Query
from e2e.fleet import Fleet, scrape
from e2e.phase import ASKED, Phase
from e2e.prometheus import Sample

QUERIES = dashboards.queries()
UIDS = {"flotilla-fleet", "flotilla-service", "flotilla-canary", "flotilla-slo"}

each_dashboard = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
each_query = pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)


def test_they_are_what_the_script_makes() -> None:
    build = subprocess.run(
        [sys.executable, dashboards.DIRECTORY / "build.py", "--check"], capture_output=True, text=True
    )
    assert build.returncode == 0, build.stdout + build.stderr


def test_each_is_there_once_and_named_after_its_uid() -> None:
    assert {path.stem for path in FILES} == UIDS
    assert {dashboards.load(path)["uid"] for path in FILES} == UIDS


@each_dashboard
def test_panels_have_their_own_id_and_place(path: Path) -> None:
    panels = dashboards.load(path)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        assert place["w"] > 0 and place["h"] > 0 and place["x"] + place["w"] <= 24, panel["title"]
    for one, other in combinations(panels, 2):
        assert not overlap(one["gridPos"], other["gridPos"]), f"{one['title']} and {other['title']}"


def overlap(one: dict, other: dict) -> bool:
    def beside(start: str, length: str) -> bool:
        return one[start] + one[length] <= other[start] or other[start] + other[length] <= one[start]

    return not beside("x", "w") and not beside("y", "h")


@each_dashboard
def test_panels_say_what_they_show_and_ask_the_chosen_data_source(path: Path) -> None:
    for panel in dashboards.load(path)["panels"]:
        if panel["type"] == "row":
            continue
        assert panel["title"] and panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        references = [target["refId"] for target in panel["targets"]]
        assert references and len(set(references)) == len(references), panel["title"]
        for asked in [panel, *panel["targets"]]:
            assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]


@each_dashboard
def test_links_lead_to_dashboards_that_exist(path: Path) -> None:
    dashboard = dashboards.load(path)
    assert [link["tags"] for link in dashboard["links"]] == [["flotilla"]] and "flotilla" in dashboard["tags"]
    assert set(re.findall(r'"/d/([\w-]+)', path.read_text())) <= UIDS


def links() -> dict[str, list[str]]:
    """The addresses of the panels' links, by dashboard and panel."""
    return {
        f"{path.stem}: {panel['title']}": [link["url"] for link in found]
        for path in FILES
        for panel in dashboards.load(path)["panels"]
        if (found := panel.get("fieldConfig", {}).get("defaults", {}).get("links"))
    }


def test_rates_errors_and_durations_lead_to_traces() -> None:
    titles = ("Rate", "Errors", "Duration, 95th percentile")
    service = {f"flotilla-service: {title}" for title in titles}
    canary = {f"flotilla-canary: {title}, {track}" for title in titles for track in ("stable", "canary")}
    assert links().keys() == service | canary


def test_a_link_to_traces_is_a_search_that_explore_understands() -> None:
    for panel, urls in links().items():
        (url,) = urls
        dashboard = dashboards.load(dashboards.DIRECTORY / f"{panel.split(':')[0]}.json")
        variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
        asked = urllib.parse.urlsplit(substituted(url, variables))
        assert asked.path == "/explore", panel
        parameters = urllib.parse.parse_qs(asked.query, strict_parsing=True)
        assert parameters["schemaVersion"] == ["1"]
        (pane,) = json.loads(parameters["panes"][0]).values()
        (search,) = pane["queries"]
        assert variables["traces"]["query"] == search["datasource"]["type"] == "jaeger"
        assert pane["datasource"] == search["datasource"]["uid"] == "<traces>"
        assert (search["queryType"], search["service"]) == ("search", "<service>")
        assert pane["range"] == {"from": "<__from>", "to": "<__to>"}
        tags = dict(tag.split("=") for tag in search["tags"].split(" "))
        assert tags.pop("service.namespace") == "<namespace>"
        assert tags.pop("error", None) == ("true" if "Errors" in panel else None)
        assert tags in (
            {"service.version": "<__field.labels.version>"},
            {"http.route": "<__field.labels.path>"},
        ), panel


def substituted(url: str, variables: dict[str, dict]) -> str:
    """As Grafana does it: each value is encoded."""
    known = {*variables, "__from", "__to", "__field.labels.version", "__field.labels.path"}

    def value(match: re.Match[str]) -> str:
        assert match[1] in known, match[1]
        return urllib.parse.quote(f"<{match[1]}>", safe="")

    return re.sub(r"\$\{([\w.]+)\}", value, url)


@each_query
def test_a_query_refers_to_what_exists(query: Query, known: references.Known) -> None:
    assert references.problems(query.substituted("hello"), known) == []


@each_query
def test_a_query_is_about_the_chosen_namespace_and_the_slis_requests(query: Query) -> None:
    sli = {excluded(selector) for rule in references.rules() for selector in selectors(rule["expr"])} - {None}
    assert len(sli) == 1
    for selector in selectors(query.substituted("hello")):
        # The table of objectives, which is met by `env`.
        if selector.name == "env:slo_error_budget:ratio":
            continue
        matchers = {(matcher.name, matcher.value) for matcher in selector.matchers.matchers}
        assert ("namespace", "shop") in matchers
        # A panel shows every request, or exactly those that the objectives are about.
        assert excluded(selector) in {None, *sli}


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    return list(references.selectors(promql_parser.parse(expression)))


def excluded(selector: promql_parser.VectorSelector) -> str | None:
    return next((matcher.value for matcher in selector.matchers.matchers if matcher.name == "path"), None)


@pytest.fixture(scope="session")
def known(fleet: Fleet, errors: Phase) -> references.Known:
    """What the services expose after users have asked them."""
    return references.known(scrape(service) for service in fleet.services.values())


@each_query
def test_a_query_returns_data(query: Query, errors: Phase) -> None:
    """For one service at least: only main-api and storefront have an upstream, and so on."""
    answers = [errors.prometheus.query(query.substituted(service), errors.end) for service in sorted(ASKED)]
    with_data = [samples for samples in answers if any(not math.isnan(sample.value) for sample in samples)]
    assert with_data, "no data for any service"
    for sample in with_data[0]:
        assert query.shown <= sample.labels.keys(), f"the legend shows a label that is not there: {sample.labels}"


@each_dashboard
def test_variables_have_values(path: Path, errors: Phase) -> None:
    for variable in dashboards.load(path)["templating"]["list"]:
        if variable["type"] == "query":
            expression, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"]).groups()
            samples = errors.prometheus.query(expression.replace("$namespace", "shop"), errors.end)
            assert values(samples, label) >= ({"shop"} if label == "namespace" else ASKED)


def values(samples: list[Sample], label: str) -> set[str]:
    return {sample.labels.get(label, "") for sample in samples}


def test_the_columns_of_a_table_share_their_labels(known: references.Known) -> None:
    """Lines are merged where all labels are equal: one more in a single column would tear them apart."""
    for path in FILES:
        for panel in (panel for panel in dashboards.load(path)["panels"] if panel["type"] == "table"):
            names = panel["transformations"][1]["options"]["renameByName"]
            assert len(set(names.values())) == len(panel["targets"]), panel["title"]
            asked = [query for query in QUERIES if (query.dashboard, query.panel) == (path.stem, panel["title"])]
            trees = [promql_parser.parse(query.substituted("hello")) for query in asked]
            assert all(isinstance(tree, promql_parser.AggregateExpr) for tree in trees), panel["title"]
            assert len({references.infer(tree, known, []) for tree in trees}) == 1, panel["title"]


def test_the_canary_is_seen_beside_the_stable_pods(errors: Phase) -> None:
    split = next(query for query in QUERIES if query.panel == "Canary's share of requests")
    (share,) = errors.prometheus.query(split.substituted("hello"), errors.end)
    # 5 of 55 requests a second.
    assert share.value == pytest.approx(1 / 11, abs=0.01)
