"""A static binary on an empty root still looks up names, and knows whom to trust."""

import os
from collections.abc import Sequence
from pathlib import Path

import authority
import names
import pytest
from docker import BUNDLE, layers, running

# An address of the loopback that is nobody's.
RESOLVER = "127.53.0.1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may listen on port 53")
def test_an_upstream_is_found_by_its_name_as_in_a_cluster(tmp_path: Path) -> None:
    configuration = tmp_path / "resolv.conf"
    # What a pod is given: short names are tried in the search domains first.
    configuration.write_text(f"nameserver {RESOLVER}\nsearch flotilla-dev.svc.test svc.test\noptions ndots:5\n")
    mount = ["--volume", f"{configuration}:/etc/resolv.conf:ro"]
    zone = {"auxiliary-service.flotilla-dev.svc.test": "127.0.0.1"}
    with names.serving(RESOLVER, zone) as asked, running("auxiliary-service") as auxiliary:
        auxiliary.wait_until_ready()

        def ask(host: str) -> tuple[int, str]:
            url = {"AUXILIARY_SERVICE_URL": f"http://{host}:{auxiliary.port}"}
            with running("main-api", url, mount) as main_api:
                main_api.wait_until_ready()
                answer = main_api.get("/s3-buckets")
                return answer.status, answer.body

        for host in ("auxiliary-service", "auxiliary-service.flotilla-dev", "auxiliary-service.flotilla-dev.svc.test."):
            assert ask(host)[0] == 200, host
        assert asked and asked[0] == "auxiliary-service.flotilla-dev.svc.test"
        status, body = ask("nobody")
        assert (status, '"upstream":"auxiliary-service"' in body) == (502, True)


def buckets(port: int, options: Sequence[str] = (), variables: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status and body of a listing over TLS, and the log."""
    aws = {
        "AWS_BACKEND": "aws",
        "AWS_ENDPOINT_URL": f"https://localhost:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with running("auxiliary-service", {**aws, **(variables or {})}, options) as auxiliary:
        auxiliary.wait_until_ready()
        answer = auxiliary.get("/s3-buckets")
        return answer.status, answer.body, auxiliary.logs()


def test_tls_trusts_an_authority_that_is_mounted_and_refuses_an_unknown_one(tmp_path: Path) -> None:
    certificate = authority.make(tmp_path)
    mounted = ["--volume", f"{certificate}:/tls/ca.pem:ro"]
    with authority.serving(tmp_path) as port:
        status, body, log = buckets(port, mounted, {"SSL_CERT_FILE": "/tls/ca.pem"})
        assert (status, "behind-tls" in body) == (200, True), log
        status, body, log = buckets(port)
        assert (status, "behind-tls" in body) == (502, False), log
        assert "UnknownIssuer" in log, log


def test_tls_reads_the_authorities_of_the_image_to_the_last(tmp_path: Path) -> None:
    certificate = authority.make(tmp_path)
    files = layers("auxiliary-service", str(tmp_path / "image.tar"))
    bundle = next(content.read() for entry, content in files if content and entry.name == BUNDLE)
    # In the image's place, with one more at its end.
    extended = tmp_path / "extended.crt"
    extended.write_bytes(bundle + certificate.read_bytes())
    with authority.serving(tmp_path) as port:
        status, body, log = buckets(port, ["--volume", f"{extended}:/{BUNDLE}:ro"])
        assert (status, "behind-tls" in body) == (200, True), log
