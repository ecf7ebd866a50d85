"""What the tests of the rules share: the rules, and what the services really expose."""

import sys
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parents[1]))

import references  # noqa: E402  (after the path)
from e2e.process import Service  # noqa: E402

# A port on which nobody listens: whom it stands for is unreachable, which is an outcome too.
NOBODY = "127.0.0.1:1"

FLEET = {
    "hello": {},
    "product-api": {"REDIS_URL": f"redis://{NOBODY}"},
    "storefront": {"PRODUCT_API_URL": f"http://{NOBODY}"},
    "main-api": {"AUXILIARY_SERVICE_URL": f"http://{NOBODY}"},
    "auxiliary-service": {"AWS_BACKEND": "embedded"},
}
PATHS = ["/", "/success", "/fail", "/products", "/products/1", "/s3-buckets", "/api/s3-buckets", "/parameter/unknown"]
NO_SLI = ["/healthz", "/readyz", "/health", "/ready", "/metrics", "/version", "/nowhere"]


@pytest.fixture(scope="session")
def scrapes() -> dict[str, str]:
    """What each service's management listener answers to a scrape, after requests to all of its paths."""
    services = {}
    try:
        for name, variables in FLEET.items():
            services[name] = Service(name, **variables)
        for service in services.values():
            for path in PATHS + NO_SLI:
                requests.get(service.url + path, timeout=10)
        return {name: requests.get(f"http://{it.management}/metrics", timeout=10).text for name, it in services.items()}
    finally:
        for service in services.values():
            service.stop()


@pytest.fixture(scope="session")
def known(scrapes: dict[str, str]) -> references.Known:
    return references.known(scrapes.values())
