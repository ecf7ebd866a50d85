"""Each image under the strictest settings: what it answers, how it is found healthy, how it ends."""

import json
import subprocess
import time

import pytest
from docker import DOCKER, RESTRICTED, docker, image, running, within

# A path that is a service's own, and what is in its answer.
ANSWERS = {
    "auxiliary-service": ("/s3-buckets", 200, '"buckets":['),
    "hello": ("/success", 200, '"status":"success"'),
    "main-api": ("/s3-buckets", 502, '"upstream":"auxiliary-service"'),
    "product-api": ("/products", 200, '"count":10'),
    "storefront": ("/", 200, "<!doctype html>"),
}


def test_it_answers_is_found_healthy_and_stops_on_sigterm(service: str) -> None:
    # The health check is the image's own; only the pause before it is shorter, so that the test is.
    with running(service, {"DRAIN_DELAY_SEC": "1"}, ["--health-interval", "1s"]) as container:
        container.wait_until_ready()
        path, status, part = ANSWERS.get(service, ("/health", 200, '"status":"healthy"'))
        answer = container.get(path)
        assert (answer.status, part in answer.body.lower()) == (status, True), answer
        version = json.loads(container.get("/version", management=True).body)
        assert (version["service"], version["version"], version["commit"]) == (service, "1.2.3", "0f1e2d3")
        # It asks at MANAGEMENT_ADDR, not at 4040, where nobody listens.
        within(15, "healthy", lambda: container.state()["Health"]["Status"] == "healthy")
        began = time.monotonic()
        docker("kill", "--signal", "TERM", container.id)
        exit_code = docker("wait", container.id).strip()
        took = time.monotonic() - began
        assert exit_code == "0", container.logs()
        assert 1 <= took < 5, f"took {took:.1f} s, of which the drain is 1 s"


def test_a_check_that_nobody_answers_finds_it_unhealthy() -> None:
    # The check asks where MANAGEMENT_ADDR says; the flag has the service listen elsewhere.
    options = ["--health-interval", "1s", "--health-retries", "2", "--health-start-period", "0s"]
    elsewhere = ["--management-addr", "127.0.0.1:0"]
    with running("hello", {"MANAGEMENT_ADDR": "127.0.0.1:9"}, options, elsewhere) as container:
        within(15, "unhealthy", lambda: container.state()["Health"]["Status"] == "unhealthy")
        assert container.state()["Running"]


def test_a_bad_configuration_ends_it_with_2_and_one_line(service: str) -> None:
    command = [DOCKER, "run", "--rm", *RESTRICTED, "--env", "READINESS_DELAY_SEC=abc", image(service)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith('READINESS_DELAY_SEC="abc": must be')


def test_there_is_no_shell() -> None:
    with running("hello") as container, pytest.raises(AssertionError, match="executable file not found"):
        docker("exec", container.id, "sh", "-c", "true")
