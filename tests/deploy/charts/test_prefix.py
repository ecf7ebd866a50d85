"""Below a path that something before a service cuts off: a real nginx does, and changes nothing else."""

import contextlib
import json
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from urllib.parse import urljoin

import pytest

from lib import binary
from lib.render import scratch

pytestmark = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not there")

CONFIGURATION = """
daemon off; pid {folder}/pid; error_log {folder}/error; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    proxy_redirect off;
    {locations}
  }}
}}
"""
PRODUCT = json.dumps({"name": "Buoy", "price": 12.5, "category": "Deck"}).encode()


@pytest.fixture(scope="module")
def below():
    """The address that a path of the service has below its prefix."""
    with contextlib.ExitStack() as stack:
        api = stack.enter_context(binary.running("product-api", {}))
        shop = stack.enter_context(binary.running("storefront", {"PRODUCT_API_URL": api["http"]}))
        hello = stack.enter_context(binary.running("hello", {}))
        given = {"/catalogue/": api, "/deep/er/shop/": shop, "/hello/": hello}
        port = stack.enter_context(cutting({prefix: urls["http"] for prefix, urls in given.items()}))
        ready = f"http://127.0.0.1:{port}/catalogue/products"
        deadline = time.monotonic() + 30
        while not answers(ready):
            assert time.monotonic() < deadline, "product-api is not ready"
            time.sleep(0.05)
        yield lambda path: f"http://127.0.0.1:{port}{path}"


@contextlib.contextmanager
def cutting(upstreams):
    folder = scratch() / "nginx"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    locations = "\n".join(f"location {prefix} {{ proxy_pass {url}/; }}" for prefix, url in upstreams.items())
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port, locations=locations))
    process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-e", folder / "error"])
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=10).status == 200
    except OSError:
        return False


def read(url):
    with urllib.request.urlopen(urllib.request.Request(url, headers={"accept": "text/html"}), timeout=10) as answer:
        return answer.headers.get_content_type(), answer.read().decode()


def linked(kind, text):
    """What a page or a script names: its links, and its modules."""
    pattern = r'(?:href|src)="([^"#]+)"' if kind == "text/html" else r'(?:from|import) "([^"]+)"'
    return re.findall(pattern, text) if kind in ("text/html", "text/javascript") else []


@pytest.mark.parametrize("prefix", ["/deep/er/shop/", "/hello/"])
def test_a_page_finds_all_that_it_names(below, prefix):
    waiting, seen = [below(prefix)], {}
    while waiting:
        address = waiting.pop()
        kind, text = seen[address] = read(address)
        found = {urljoin(address, link) for link in linked(kind, text)}
        assert all(link.startswith(below(prefix)) for link in found), (address, found)
        waiting += [link for link in found if link not in seen and link not in waiting]
    assert {"text/html", "text/css", "text/javascript", "image/svg+xml"} <= {kind for kind, _ in seen.values()}


@pytest.mark.parametrize("path", ["/catalogue/products", "/deep/er/shop/api/products"])
def test_a_location_leads_to_the_product_that_was_made(below, path):
    request = urllib.request.Request(below(path), data=PRODUCT, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        made, location = json.load(answer), answer.headers["location"]
    address = urljoin(below(path), location)
    assert address == f"{below(path)}/{made['id']}"
    assert json.loads(read(address)[1])["name"] == "Buoy"
