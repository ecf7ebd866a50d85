"""What the tests of the rules share: what the services really expose."""

import socket
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parents[1]))

import references  # noqa: E402  (after the path)
from e2e.process import Process, Service, within  # noqa: E402

# A port on which nobody listens: whom it stands for is unreachable, which is an outcome too.
NOBODY = "127.0.0.1:1"

FLEET = sorted(path.name for path in (references.ROOT / "services").iterdir())
VARIABLES = {
    "storefront": {"PRODUCT_API_URL": f"http://{NOBODY}"},
    "main-api": {"AUXILIARY_SERVICE_URL": f"http://{NOBODY}"},
    "auxiliary-service": {"AWS_BACKEND": "embedded"},
}
PATHS = ["/", "/success", "/fail", "/work", "/products", "/products/1", "/openapi.json", "/healthz", "/readyz", "/health"]
PATHS += ["/ready", "/metrics", "/version", "/nowhere", "/s3-buckets", "/parameters", "/parameter/unknown"]
PATHS += ["/api/s3-buckets", "/api/parameters", "/api/parameter/unknown"]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis: without one the cache's operations are not in /metrics."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    server = Process("/usr/bin/env", "redis-server", "--port", str(address[1]), "--bind", address[0], "--save", "")
    try:
        within(10, "Redis listens", lambda: accepts(address))
        yield f"redis://{address[0]}:{address[1]}"
    finally:
        server.stop()


def accepts(address: tuple[str, int]) -> bool:
    with socket.socket() as client:
        return client.connect_ex(address) == 0


@pytest.fixture(scope="session")
def scrapes(redis_url: str) -> dict[str, str]:
    """What each service's management listener answers to a scrape, after every method on every path."""
    variables = VARIABLES | {"product-api": {"REDIS_URL": redis_url}}
    services: dict[str, Service] = {}
    try:
        for name in FLEET:
            services[name] = Service(name, **variables.get(name, {}))
        cached = services["product-api"].management
        within(10, "the cache is connected", lambda: "cache_operation_duration_seconds" in scrape(cached))
        for service in services.values():
            for method, path in product(METHODS, PATHS):
                requests.request(method, service.url + path, timeout=10)
        return {name: scrape(service.management) for name, service in services.items()}
    finally:
        for service in services.values():
            service.stop()


def scrape(management: str) -> str:
    return requests.get(f"http://{management}/metrics", timeout=10).text


@pytest.fixture(scope="session")
def known(scrapes: dict[str, str]) -> references.Known:
    return references.known(scrapes.values())
