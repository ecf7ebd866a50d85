"""The version of the charts, which is written into a clone before they are packaged."""

import re
from pathlib import Path

from files import Text, write
from version import Refused, Version

LIBRARY = "service-lib"

# Host, port and path, as a reference of an image has them in front of its name.
REGISTRY = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")


def set_version(root: Path, version: Version, registry: str | None) -> list[str]:
    """Gives all charts this version, and their images its tag and a registry; returns the files that changed."""
    if registry is not None and not REGISTRY.fullmatch(registry):
        raise Refused(f"{ascii(registry)[:100]} is no registry: ghcr.io/example is, in lower case, without a final slash")
    texts = []
    for path in sorted((root / "charts").glob("*/Chart.yaml")):
        texts.append(chart(Text(path, root), str(version)))
        if registry and (values := path.with_name("values.yaml")).exists():
            text = Text(values, root)
            text.set(text.only(text.block("image"), "registry"), "registry", registry)
            texts.append(text)
    return write(texts)


def chart(text: Text, version: str) -> Text:
    """Its own `version`, its `appVersion`, and the version of the library that it depends on."""
    for number, line in enumerate(text.lines):
        if key := next((key for key in ("version", "appVersion") if line.startswith(f"{key}:")), None):
            text.set(text.only(range(number, number + 1), key), key, version)
    if any(line.startswith("dependencies:") for line in text.lines):
        for item in text.items("dependencies"):
            if text.value(text.only(item, "name"), "name") == LIBRARY:
                text.set(text.only(item, "version"), "version", version)
    return text
