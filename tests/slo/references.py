"""What PromQL refers to: whether every metric and label of a query exists.

`problems(query, known(scrapes))` infers the labels of each part of a query, as Prometheus would, from the labels of its
metrics: a label that a matcher, `by`, `on` or `label_replace` names must be there, and the two sides of an operator must
be able to meet. The labels of a recorded series are inferred from its rule.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import promql_parser as promql
import yaml

ROOT = Path(__file__).resolve().parents[2]

# What the operator makes of a target, or a scrape configuration writes out: monitoring/scrape/servicemonitor.yaml.
TARGET_LABELS = frozenset({"namespace", "service", "job", "instance", "track", "pod"})

RUNBOOKS = sorted((ROOT / "docs/runbooks").glob("*.md"))

SERIES = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Labels = frozenset[str]
Known = dict[str, Labels]


def known(scrapes: Iterable[str]) -> Known:
    """The labels of every metric there is: in these answers of /metrics, documented by others, and recorded."""
    result = external_metrics()
    for name, labels in (series for scrape in scrapes for series in parse_scrape(scrape)):
        result[name] = result.get(name, TARGET_LABELS) | labels.keys()
    return with_recordings(result)


def parse_scrape(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Name and labels of every series of an answer of /metrics."""
    for name, labels in SERIES.findall(text):
        yield name, dict(LABEL.findall(labels))


def values(scrapes: dict[str, str], metric: str, label: str) -> set[str]:
    """What a label of a metric is, in any of these answers of /metrics."""
    series = (it for scrape in scrapes.values() for it in parse_scrape(scrape))
    return {labels[label] for name, labels in series if name == metric and label in labels}


def external_metrics() -> Known:
    """The metrics of monitoring/external-metrics.yaml."""
    metrics = yaml.safe_load((ROOT / "monitoring/external-metrics.yaml").read_text())["metrics"]
    return {metric["name"]: frozenset(metric["labels"]) for metric in metrics}


def rules() -> Iterator[dict]:
    """Every rule of monitoring/rules, as a dict with `record` or `alert`, and `expr`."""
    for path in sorted((ROOT / "monitoring/rules").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text()).get("spec", {}).get("groups", []):
            yield from group["rules"]


def of_runbook(path: Path) -> list[str]:
    """The queries of a runbook: an empty line separates them."""
    blocks = re.findall(r"(?s)```promql\n(.*?)\n```", path.read_text())
    return [query for block in blocks for query in block.split("\n\n")]


def with_recordings(known: Known) -> Known:
    """`known`, and what the recording rules make of it."""
    result = dict(known)
    pending = [rule for rule in rules() if "record" in rule]
    while ready := [rule for rule in pending if metrics(rule["expr"]) <= result.keys()]:
        for rule in ready:
            labels = infer(promql.parse(rule["expr"]), result, []) or frozenset()
            result[rule["record"]] = labels | rule.get("labels", {}).keys()
        pending = [rule for rule in pending if rule not in ready]
    if pending:
        raise ValueError(f"recorded from metrics that do not exist: {[rule['record'] for rule in pending]}")
    return result


def metrics(query: str) -> set[str]:
    """The names of the metrics that a query uses."""
    return {selector.name or "" for selector in selectors(promql.parse(query))}


def problems(query: str, known: Known) -> list[str]:
    """What a query refers to that does not exist; an empty list is a good query."""
    found: list[str] = []
    infer(promql.parse(query), known, found)
    return found


def selectors(node) -> Iterator[promql.VectorSelector]:
    """Every selector of a parsed query."""
    match node:
        case promql.VectorSelector():
            yield node
        case promql.MatrixSelector():
            yield node.vector_selector
        case promql.AggregateExpr() | promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            yield from selectors(node.expr)
        case promql.BinaryExpr():
            yield from selectors(node.lhs)
            yield from selectors(node.rhs)
        case promql.Call():
            for argument in node.args:
                yield from selectors(argument)


def infer(node, known: Known, found: list[str]) -> Labels | None:
    """The labels of a query's result; None is a scalar, which has none and meets everything."""
    match node:
        case promql.VectorSelector():
            return of_selector(node, known, found)
        case promql.MatrixSelector():
            return of_selector(node.vector_selector, known, found)
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return infer(node.expr, known, found)
        case promql.AggregateExpr():
            return of_aggregate(node, known, found)
        case promql.BinaryExpr():
            return of_operator(node, known, found)
        case promql.Call():
            return of_call(node, known, found)
        case promql.NumberLiteral() | promql.StringLiteral():
            return None
    raise TypeError(f"unknown part of a query: {type(node)}")


def of_selector(node: promql.VectorSelector, known: Known, found: list[str]) -> Labels:
    if node.name not in known:
        found.append(f"no metric {node.name}")
        return frozenset()
    labels = known[node.name]
    expect({matcher.name for matcher in node.matchers.matchers} - {"__name__"}, labels, f"{node.name}", found)
    return labels


def of_aggregate(node: promql.AggregateExpr, known: Known, found: list[str]) -> Labels:
    inner = infer(node.expr, known, found) or frozenset()
    if node.modifier is None:
        return inner if str(node.op) in ("topk", "bottomk") else frozenset()
    named = frozenset(node.modifier.labels)
    expect(named, inner, f"{node.op} {node.modifier}", found)
    return named if node.modifier.type == promql.AggModifierType.By else inner - named


def of_call(node: promql.Call, known: Known, found: list[str]) -> Labels | None:
    inner = [infer(argument, known, found) for argument in node.args]
    vectors = [labels for labels in inner if labels is not None]
    name = node.func.name
    if name == "label_replace":
        expect({node.args[3].val}, vectors[0], "label_replace", found)
        return vectors[0] | {node.args[1].val}
    if name == "histogram_quantile":
        expect({"le"}, vectors[0], name, found)
        return vectors[0] - {"le"}
    if name == "vector":
        return frozenset()
    return vectors[0] if vectors else None


def of_operator(node: promql.BinaryExpr, known: Known, found: list[str]) -> Labels | None:
    left, right = infer(node.lhs, known, found), infer(node.rhs, known, found)
    if left is None or right is None:
        return right if left is None else left
    operator = str(node.op)
    matching = node.modifier.matching if node.modifier else None
    if matching is None:
        # Without on() every label has to be equal: a label of one side alone means that nothing ever meets.
        if left != right and operator != "or":
            found.append(f"the sides of `{operator}` never meet: {sorted(left)} and {sorted(right)}")
        return left | right
    named = frozenset(matching.labels)
    expect(named, left, f"{operator} {matching}, left side", found)
    expect(named, right, f"{operator} {matching}, right side", found)
    if operator in ("and", "or", "unless"):
        return left
    match node.modifier.card:
        case promql.VectorMatchCardinality.OneToOne:
            return named if matching.type == promql.LabelModifierType.Include else left - named
        case promql.VectorMatchCardinality.OneToMany:
            return right | frozenset(node.modifier.group_labels or ())
    return left | frozenset(node.modifier.group_labels or ())


def expect(named: set[str] | Labels, labels: Labels, where: str, found: list[str]) -> None:
    for label in sorted(named - labels):
        found.append(f"{where}: no label {label}")
