"""What compose.yaml promises of every container, held against what it says and against the files it mounts."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import BINARIES, FLEET, OTELCOL, ROOT

NAMES = [*FLEET, "postgres", "redis", "aws", "prometheus", "otel-collector", "jaeger", "grafana"]
# Its image holds one program, which cannot ask itself; nobody waits for it.
UNCHECKED = "otel-collector"
# Read by the AWS SDK itself, so not an option of the binary.
SDK_VARIABLES = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
MANAGEMENT = 4040


def test_has_the_fleet_and_what_it_depends_on(services):
    assert sorted(services) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
class TestEveryContainer:
    def test_can_write_nowhere_and_gain_nothing(self, services, name):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"] and "cap_add" not in service
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not service.keys() & {"privileged", "devices", "pid", "ipc", "network_mode"}

    def test_runs_as_a_numbered_user_that_is_not_root(self, services, name):
        assert re.fullmatch(r"[1-9]\d*:\d+", services[name]["user"])

    def test_has_a_limit_to_its_memory(self, services, name):
        assert re.fullmatch(r"\d+m", services[name]["mem_limit"])

    def test_has_a_health_check(self, services, name):
        if name == UNCHECKED:
            assert "healthcheck" not in services[name]
            return
        assert services[name]["healthcheck"]["test"][0] == "CMD", "without a shell, which not every image has"

    def test_is_an_image_of_one_version(self, services, name):
        _, _, tag = services[name]["image"].partition(":")
        assert re.fullmatch(r"v?\d+\.\d+\.\d+(-alpine)?|18\.\d+-alpine", tag)

    def test_publishes_on_the_loopback_only(self, services, name):
        assert {port["host_ip"] for port in services[name].get("ports", [])} <= {"127.0.0.1"}

    def test_mounts_what_is_there_and_writes_to_volumes_only(self, services, name):
        for mount in services[name].get("volumes", []):
            assert mount["type"] == "volume" or (mount["read_only"] is True and Path(mount["source"]).is_dir())

    def test_waits_until_what_its_variables_name_is_healthy(self, services, name):
        # All but the collector: a service does its work without it.
        variables = [value for key, value in services[name].get("environment", {}).items() if key != COLLECTOR]
        hosts = {host for variable in variables for host in re.findall(r"://(?:\S+@)?([\w-]+):\d+", variable)}
        dependencies = services[name].get("depends_on", {})
        assert hosts <= dependencies.keys() <= services.keys()
        assert {dependency["condition"] for dependency in dependencies.values()} <= {"service_healthy"}


@pytest.mark.parametrize("name", FLEET)
class TestEveryService:
    def test_sets_variables_that_the_binary_has(self, services, name):
        help_text = subprocess.run([BINARIES / name, "--help"], check=True, capture_output=True, text=True).stdout
        options = set(re.findall(r"^ +--([a-z-]+)", help_text, re.MULTILINE))
        variables = services[name]["environment"].keys() - SDK_VARIABLES
        assert {variable.lower().replace("_", "-") for variable in variables} <= options

    def test_has_64_mib_of_memory_and_no_swap(self, services, name):
        assert services[name]["mem_limit"] == services[name]["memswap_limit"] == "64m"

    def test_is_built_by_the_one_dockerfile_and_never_pulled(self, services, name):
        build = services[name]["build"]
        arguments = set(re.findall(r"^ARG (\w+)", (ROOT / build["dockerfile"]).read_text(), re.MULTILINE))
        assert Path(build["context"]) == ROOT
        assert build["args"]["SERVICE"] == name and build["args"].keys() <= arguments
        assert services[name]["image"].startswith(f"flotilla/{name}:")
        assert services[name]["pull_policy"] == "never"

    def test_is_published_where_the_local_fleet_listens_too(self, services, name):
        ports = {port["target"]: int(port["published"]) for port in services[name]["ports"]}
        own = next(port for port in ports if port != MANAGEMENT)
        assert ports == {own: own, MANAGEMENT: own + 10000}

    def test_has_time_to_finish_what_is_in_flight(self, services, name):
        default = 20  # SHUTDOWN_TIMEOUT_SEC
        assert int(services[name]["stop_grace_period"].removesuffix("s")) > default

    def test_has_a_fault_file_of_its_own_without_a_rule(self, services, name):
        inside = Path(services[name]["environment"]["FAULTS_FILE"])
        mount = next(mount for mount in services[name]["volumes"] if mount["target"] == str(inside.parent))
        assert inside.name == f"{name}.yaml"
        assert yaml.safe_load((Path(mount["source"]) / inside.name).read_text()) == {"rules": []}


def test_names_volumes_that_are_declared(model, services):
    mounts = [mount for service in services.values() for mount in service.get("volumes", [])]
    assert {mount["source"] for mount in mounts if mount["type"] == "volume"} == model["volumes"].keys()


def test_publishes_no_port_twice(services):
    published = [port["published"] for service in services.values() for port in service.get("ports", [])]
    assert len(published) == len(set(published))


def test_keeps_the_stores_and_the_emulator_inside(services):
    assert not any("ports" in services[name] for name in ("postgres", "redis", "aws", "otel-collector"))


def test_has_the_version_of_the_workspace(services):
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert {services[name]["image"].partition(":")[2] for name in FLEET} == {version}
    assert {services[name]["build"]["args"]["SERVICE_VERSION"] for name in FLEET} == {version}


def test_runs_the_emulator_that_the_tests_run(services):
    image, _, version = services["aws"]["image"].partition(":")
    assert image == "ministackorg/ministack"
    assert f"ministack=={version}" in (ROOT / "tests/stages/05-test-servers.sh").read_text()


def test_scrapes_the_management_port_of_each_service():
    config = yaml.safe_load((ROOT / "docker/prometheus/prometheus.yaml").read_text())
    (job,) = config["scrape_configs"]
    targets = {target: group["labels"] for group in job["static_configs"] for target in group["targets"]}
    expected = {"namespace": "flotilla-compose", "track": "stable"}
    assert targets == {f"{name}:{MANAGEMENT}": {"job": name, "service": name} | expected for name in FLEET}


def test_scrapes_as_the_servicemonitor_does():
    monitor = yaml.safe_load((ROOT / "monitoring/scrape/servicemonitor.yaml").read_text())["spec"]
    (endpoint,) = monitor["endpoints"]
    (job,) = yaml.safe_load((ROOT / "docker/prometheus/prometheus.yaml").read_text())["scrape_configs"]
    here = [job["scrape_interval"], job["scrape_timeout"], job["sample_limit"]]
    assert here == [endpoint["interval"], endpoint["scrapeTimeout"], monitor["sampleLimit"]]
    assert provisioned("datasources", "prometheus")["jsonData"]["timeInterval"] == endpoint["interval"]


def test_has_a_configuration_that_promtool_accepts_with_its_rules():
    config = ROOT / "docker/prometheus/prometheus.yaml"
    done = subprocess.run(["promtool", "check", "config", config], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_reports_to_the_collector_and_is_of_this_namespace(services):
    receiver = configuration("otel-collector")["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    for name in FLEET:
        variables = services[name]["environment"]
        assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://otel-collector:{receiver.split(':')[1]}"
        assert variables["OTEL_RESOURCE_ATTRIBUTES"] == "service.namespace=flotilla-compose"
        assert (variables["OTEL_TRACES_SAMPLER"], variables["OTEL_TRACES_SAMPLER_ARG"]) == ("parentbased_traceidratio", "1")


def test_the_collector_passes_traces_on_to_jaeger():
    receiver = configuration("jaeger")["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    exporter = configuration("otel-collector")["exporters"]["otlp_http"]["endpoint"]
    assert exporter == f"http://jaeger:{receiver.split(':')[1]}"


def test_jaeger_is_asked_for_its_page_and_its_health_where_it_listens(services):
    extensions = configuration("jaeger")["extensions"]
    [port] = services["jaeger"]["ports"]
    assert extensions["jaeger_query"]["http"]["endpoint"] == f"0.0.0.0:{port['target']}"
    assert extensions["healthcheckv2"]["http"]["endpoint"] in services["jaeger"]["healthcheck"]["test"][-1]
    assert provisioned("datasources", "jaeger")["url"] == f"http://jaeger:{port['target']}"


@pytest.mark.parametrize("name", ["otel-collector", "jaeger"])
def test_a_collector_reads_the_configuration_that_is_mounted(services, name):
    [argument] = services[name]["command"]
    path = Path(argument.removeprefix("--config="))
    [mount] = [mount for mount in services[name]["volumes"] if mount["target"] == str(path.parent)]
    assert (Path(mount["source"]) / path.name).is_file()


def test_has_a_configuration_that_the_collector_accepts():
    config = ROOT / "docker/otel-collector/config.yaml"
    done = subprocess.run([OTELCOL, "validate", "--config", config], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_runs_the_collector_that_the_tests_run(services):
    image, _, version = services["otel-collector"]["image"].partition(":")
    assert image == "otel/opentelemetry-collector"
    said = subprocess.run([OTELCOL, "--version"], check=True, capture_output=True, text=True).stdout.split()
    assert said[-1] == version
    assert f"go.opentelemetry.io/collector/otelcol v{version}\n" in (ROOT / "tests/otelcol/go.mod").read_text()


def configuration(name: str) -> dict:
    return yaml.safe_load((ROOT / "docker" / name / "config.yaml").read_text())


def provisioned(kind: str, name: str) -> dict:
    (entry,) = yaml.safe_load((ROOT / "docker/grafana" / kind / f"{name}.yaml").read_text())[kind]
    return entry


def test_gives_grafana_the_prometheus_of_the_stack(services):
    port = services["prometheus"]["ports"][0]["target"]
    assert provisioned("datasources", "prometheus")["url"] == f"http://prometheus:{port}"


def test_shows_the_dashboards_of_monitoring(services):
    text = (ROOT / "docker/grafana/dashboards/flotilla.yaml").read_text()
    (entry,) = yaml.safe_load(text)["providers"]
    path = entry["options"]["path"]
    mount = next(mount for mount in services["grafana"]["volumes"] if mount["target"] == path)
    assert Path(mount["source"]) == ROOT / "monitoring/dashboards"


def test_has_the_data_source_that_the_dashboards_ask_for():
    files = (ROOT / "docker/grafana/datasources").glob("*.yaml")
    known = {provisioned("datasources", file.stem)["uid"] for file in files} | {"-- Grafana --", "grafana"}
    for file in (ROOT / "monitoring/dashboards").glob("*.json"):
        text = file.read_text()
        variables = {f"${{{variable['name']}}}" for variable in json.loads(text).get("templating", {}).get("list", [])}
        assert set(re.findall(r'"uid": "([^"]*)",?\s*}', text)) <= known | variables, file.name
