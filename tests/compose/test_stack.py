"""The fleet of compose.yaml at work: real binaries, PostgreSQL, Redis, emulator and Prometheus, wired as it says."""

import json
import secrets
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from conftest import FLEET
from processes import eventually
from stack import Stack


@pytest.fixture(scope="module")
def stack(services):
    # Not pytest's own folder: the user that PostgreSQL runs as cannot enter it.
    directory = Path(tempfile.mkdtemp(prefix="flotilla-compose-"))
    directory.chmod(0o755)
    stack = Stack(services, directory)
    try:
        stack.start()
        for name in FLEET:
            eventually(f"{name} is healthy", lambda: stack.healthy(name))
        yield stack
        assert stack.processes.dead() == []
    finally:
        stack.processes.stop()
        shutil.rmtree(directory)


def get(address: str, path: str) -> tuple[int, dict]:
    """The status and the JSON of an answer, whatever the status."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.parametrize("name", [*FLEET, "postgres", "redis", "aws"])
def test_passes_the_health_check_that_the_others_wait_for(stack, name):
    assert stack.healthy(name)


def test_keeps_the_products_of_the_storefront_in_postgres(stack):
    status, page = get(stack.address("storefront"), "/api/products")
    assert (status, page["count"]) == (200, int(stack.sql("SELECT count(*) FROM products")))
    assert page["count"] >= 10


def test_caches_the_products_in_redis(stack):
    cached = lambda: get(stack.address("storefront"), "/api/products")[1]["cached"]  # noqa: E731
    eventually("a second reader is answered from the cache", cached)


def test_lists_the_buckets_of_the_emulator_through_both_services(stack):
    status, body = get(stack.address("main-api"), "/s3-buckets")
    assert (status, body["buckets"]) == (200, ["flotilla-artifacts", "flotilla-logs", "flotilla-uploads"])


def test_shows_the_parameters_of_this_environment_only(stack):
    _, body = get(stack.address("main-api"), "/parameters")
    names = ["database/host", "database/password", "greeting"]
    assert body["parameters"] == [f"/flotilla/compose/{name}" for name in names]
    assert get(stack.address("main-api"), "/parameter/greeting")[1]["value"] == "ahoy"
    assert get(stack.address("main-api"), "/parameter/database%2Fpassword")[0] == 403


def test_scrapes_five_services_with_the_labels_that_the_rules_group_by(stack):
    def up() -> list[dict]:
        query = urllib.parse.quote("up == 1")
        _, body = get(stack.address("prometheus"), f"/api/v1/query?query={query}")
        return [sample["metric"] for sample in body["data"]["result"]]

    metrics = eventually("all five are up", lambda: len(found := up()) == len(FLEET) and found)
    labels = ["job", "namespace", "service", "track"]
    found = sorted([metric[label] for label in labels] for metric in metrics)
    assert found == sorted([name, "flotilla-compose", name, "stable"] for name in FLEET)


def test_scrapes_what_the_services_measured_as_this_environment(stack):
    def environments() -> set[str]:
        query = urllib.parse.quote("count by (service, env) (app_build_info)")
        _, body = get(stack.address("prometheus"), f"/api/v1/query?query={query}")
        return {(sample["metric"]["service"], sample["metric"]["env"]) for sample in body["data"]["result"]}

    expected = {(name, "compose") for name in FLEET}
    eventually("every service says that it runs here", lambda: environments() == expected)


def test_loads_the_rules_of_monitoring(stack):
    _, body = get(stack.address("prometheus"), "/api/v1/rules")
    rules = [rule for group in body["data"]["groups"] for rule in group["rules"]]
    files = [path for path in (stack.directory / "monitoring/prometheus").glob("*.yaml")]
    assert bool(rules) == bool(files)


def test_passes_on_what_the_collector_is_sent(stack):
    """A span of a service's own would do too; this one is known."""
    trace = "5b8efff798038103d269b633813fc60c"
    span = {"traceId": trace, "spanId": "eee19b7ec3c1b174", "name": "known", "kind": 2}
    span |= {"startTimeUnixNano": "1", "endTimeUnixNano": "2"}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    url, headers = f"http://{stack.address('otel-collector')}/v1/traces", {"Content-Type": "application/json"}
    sent = urllib.request.Request(url, body, headers)
    eventually("the collector takes it", lambda: urllib.request.urlopen(sent, timeout=5).status == 200)
    eventually("it is where Jaeger would be", lambda: trace in stack.traces.read_text())


def test_a_page_of_the_storefront_is_one_trace_of_both_services(stack):
    trace = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
    with urllib.request.urlopen(urllib.request.Request(f"http://{stack.address('storefront')}/api/products", headers=headers)):
        pass

    def resources() -> dict[str, dict[str, str]]:
        found = [attributes(spans) for line in stack.traces.read_text().splitlines()
                 for spans in json.loads(line)["resourceSpans"] if f'"{trace}"' in json.dumps(spans)]
        return {each["service.name"]: each for each in found}

    both = eventually("both services have reported it", lambda: len(found := resources()) == 2 and found)
    assert both.keys() == {"storefront", "product-api"}
    assert {each["service.namespace"] for each in both.values()} == {"flotilla-compose"}


def attributes(spans: dict) -> dict[str, str]:
    return {each["key"]: each["value"].get("stringValue", "") for each in spans["resource"]["attributes"]}


def test_breaks_and_mends_a_service_when_its_fault_file_is_edited(stack):
    file = stack.faults / "hello.yaml"
    original = file.read_text()
    file.write_text("rules:\n  - name: all\n    match: { path: /success }\n    error: { rate: 1, status: 503 }\n")
    eventually("it fails", lambda: get(stack.address("hello"), "/success")[0] == 503, 5)
    file.write_text(original)
    eventually("it succeeds", lambda: get(stack.address("hello"), "/success")[0] == 200, 5)
