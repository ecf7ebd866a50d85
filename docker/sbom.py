#!/usr/bin/env python3
"""Prints the CycloneDX 1.6 SBOM of a service's image: what is linked into its binary, from Cargo's own resolution.

The same sources give the same bytes: no time, and a serial number that is derived from the content. Development and
build dependencies and procedural macros are not in the binary, so not in here.
"""

import argparse
import functools
import json
import re
import subprocess
import tomllib
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir())
STANDARD_LIBRARY = "rust-std"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--target", default="x86_64-unknown-linux-musl", help="Rust target (default: %(default)s)")
    parser.add_argument("--image-version", help="tag of the image (default: the version of the crate)")
    arguments = parser.parse_args()
    print(json.dumps(sbom(arguments.service, arguments.target, arguments.image_version), indent=2, ensure_ascii=False))


def sbom(service: str, target: str, image_version: str | None) -> dict:
    edges = reachable(dependency_edges(target), service)
    root = next(crate for crate in edges if crate.startswith(f"{service}@"))
    image = {"type": "container", "bom-ref": "image", "name": f"flotilla/{service}"}
    image["version"] = image_version or root.partition("@")[2]
    # Every crate is compiled against the standard library, whose version is the compiler's.
    references = {"image": [root], **{crate: sorted([*edges[crate], STANDARD_LIBRARY]) for crate in sorted(edges)}}
    components = [component(crate, root, target) for crate in sorted(edges)] + [standard_library()]
    content = {
        "version": 1,
        "metadata": {"lifecycles": [{"phase": "build"}], "component": image},
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": on} for ref, on in references.items()] + [{"ref": STANDARD_LIBRARY}],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(content))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}"} | content


def dependency_edges(target: str) -> dict[str, list[str]]:
    """Of every crate, as `name@version`, those that are linked with it. Asked for all services at once, because the
    image's build compiles them at once, and that decides which features of a shared crate are on."""
    packages = [word for service in SERVICES for word in ("--package", service)]
    options = ["--edges", "normal,no-proc-macro", "--prefix", "depth", "--format", "{p}", "--target", target]
    edges: dict[str, set[str]] = {}
    ancestors: list[str] = []
    for line in cargo("tree", *packages, *options).splitlines():
        if found := re.match(r"(\d+)(\S+) v(\S+)", line):
            depth, crate = int(found[1]), f"{found[2]}@{found[3]}"
            ancestors[depth:] = [crate]
            # Cargo prints what a crate depends on at its first mention only.
            edges.setdefault(crate, set())
            if depth:
                edges[ancestors[depth - 1]].add(crate)
    return {crate: sorted(on) for crate, on in edges.items()}


def reachable(edges: dict[str, list[str]], service: str) -> dict[str, list[str]]:
    """The part of the graph below the service."""
    found: dict[str, list[str]] = {}
    waiting = [crate for crate in edges if crate.startswith(f"{service}@")]
    while waiting:
        crate = waiting.pop()
        if crate not in found:
            found[crate] = edges[crate]
            waiting += edges[crate]
    return found


def component(crate: str, root: str, target: str) -> dict:
    package, name, version = packages(target)[crate], *crate.split("@")
    kind = "application" if crate == root else "library"
    described = {"type": kind, "bom-ref": crate, "name": name, "version": version}
    if package["description"]:
        described["description"] = " ".join(package["description"].split())
    if checksum := checksums().get(crate):
        described["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    described["licenses"] = licenses(package)
    # A crate of this workspace has none: in the registry the name is somebody else's.
    if package["source"]:
        described["purl"] = f"pkg:cargo/{name}@{version}"
    return described


def licenses(package: dict) -> list[dict]:
    if package["license"]:
        # The slash is an old way to write OR.
        return [{"expression": re.sub(r"\s*/\s*", " OR ", package["license"])}]
    return [{"license": {"name": f"see {Path(package['license_file']).name}"}}]


def standard_library() -> dict:
    version = tomllib.loads((ROOT / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
    described = {"type": "library", "bom-ref": STANDARD_LIBRARY, "name": STANDARD_LIBRARY, "version": version}
    return described | {"licenses": [{"expression": "MIT OR Apache-2.0"}]}


@functools.cache
def packages(target: str) -> dict[str, dict]:
    metadata = json.loads(cargo("metadata", "--format-version", "1", "--filter-platform", target))
    return {f"{package['name']}@{package['version']}": package for package in metadata["packages"]}


@functools.cache
def checksums() -> dict[str, str]:
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return {f"{crate['name']}@{crate['version']}": crate["checksum"] for crate in locked if "checksum" in crate}


def cargo(*arguments: str) -> str:
    command = ["cargo", *arguments, "--locked", "--quiet"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
