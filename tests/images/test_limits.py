"""Half a CPU and 64 MiB: enough to start quickly, and to survive load."""

import re
import subprocess
from contextlib import ExitStack

import pytest
from docker import Container, running

HALF_A_CPU = ["--cpus", "0.5"]
SECONDS = 30
# More connections than any demo opens; each service refuses or queues what is beyond it, within its memory.
CONNECTIONS = 64


def test_it_is_ready_with_less_than_100_ms_of_cpu_time(service: str) -> None:
    with running(service, options=HALF_A_CPU) as container:
        container.wait_until_ready()
        spent = container.cpu_seconds()
    print(f"\n{service}: ready after {spent * 1000:.0f} ms of CPU time, the engine's own to start it included")
    assert spent < 0.1


def load(container: Container, path: str) -> subprocess.Popen:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", f"http://127.0.0.1:{container.port}{path}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def requests_answered(wrk: subprocess.Popen) -> int:
    output, _ = wrk.communicate(timeout=SECONDS + 30)
    assert "Non-2xx" not in output and "Socket errors" not in output, output
    return int(re.search(r"(\d+) requests in", output)[1])


# Two or three at a time: each has its half of a CPU, and the load comes from the same machine.
@pytest.mark.parametrize(
    "paths",
    [
        {"hello": "/success", "product-api": "/products"},
        {"auxiliary-service": "/parameters", "main-api": "/s3-buckets", "storefront": "/api/products"},
    ],
    ids=lambda paths: "+".join(paths),
)
def test_it_survives_load(paths: dict[str, str]) -> None:
    with ExitStack() as stack:
        def start(service: str, variables: dict[str, str] | None = None) -> Container:
            container = stack.enter_context(running(service, variables, HALF_A_CPU))
            container.wait_until_ready()
            return container

        upstreams = {}
        if "main-api" in paths:
            auxiliary, products = start("auxiliary-service"), start("product-api")
            upstreams = {
                "main-api": {"AUXILIARY_SERVICE_URL": f"http://127.0.0.1:{auxiliary.port}"},
                "storefront": {"PRODUCT_API_URL": f"http://127.0.0.1:{products.port}"},
            }
        containers = {service: start(service, upstreams.get(service)) for service in paths}
        loads = {service: load(container, paths[service]) for service, container in containers.items()}
        answered = {service: requests_answered(wrk) for service, wrk in loads.items()}
        print(f"\nrequests in {SECONDS} s: {answered}")
        for service, container in containers.items():
            state = container.state()
            assert (state["Running"], state["OOMKilled"]) == (True, False), f"{service}: {state}"
            # Far below what half a CPU does, so that a slow machine passes and a service that hangs does not.
            assert answered[service] > 100 * SECONDS, service
