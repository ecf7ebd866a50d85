"""Which version of each service runs in an environment: a line of its overlay, and one of each chart's values."""

from dataclasses import dataclass
from pathlib import Path

from files import Text, write
from version import Refused, Version

# Images are named so in the overlays, whatever registry `newName` adds.
PREFIX = "flotilla/"


@dataclass
class Tag:
    """Where the version of a service stands in an overlay."""

    line: int
    version: Version


class Environment:
    def __init__(self, root: Path, name: str):
        known = sorted(path.name for path in (root / "kustomize/overlays").iterdir() if path.is_dir())
        if name not in known:
            raise Refused(f"{ascii(name)} is no environment: {', '.join(known)}")
        self.root = root
        self.name = name
        self.overlay = Text(root / "kustomize/overlays" / name / "kustomization.yaml", root)
        self.tags = dict(sorted(self.read_tags().items()))

    def read_tags(self) -> dict[str, Tag]:
        tags: dict[str, Tag] = {}
        for entry in self.overlay.items("images"):
            names = [name for line in entry if (name := self.overlay.value(line, "name"))]
            if len(names) != 1 or not names[0].startswith(PREFIX):
                continue
            service = names[0].removeprefix(PREFIX)
            if service in tags:
                raise Refused(f"{self.overlay.name}: {names[0]} is there twice")
            if any(self.overlay.value(line, "digest") for line in entry):
                raise Refused(f"{self.overlay.name}: {names[0]} has a digest, which goes before a tag")
            tags[service] = self.tag(entry, names[0])
        if not tags:
            raise Refused(f"{self.overlay.name}: no image is called {PREFIX}<service>")
        return tags

    def tag(self, entry: range, name: str) -> Tag:
        try:
            line = self.overlay.only(entry, "newTag")
            return Tag(line, Version.parse(self.overlay.value(line, "newTag") or ""))
        except Refused as refused:
            raise Refused(f"{self.overlay.name}: {name}: {refused}") from refused

    def running(self, service: str) -> Version:
        if service not in self.tags:
            raise Refused(f"{ascii(service)} is no service of {self.name}: {', '.join(self.tags)}")
        return self.tags[service].version

    def set(self, versions: dict[str, Version]) -> list[str]:
        """Writes the versions of these services into both doors, and returns the files that changed."""
        values = []
        for service, version in versions.items():
            if version < self.running(service):
                raise Refused(
                    f"{service} {version} is lower than {self.running(service)}, which runs in {self.name}: "
                    "to go back, revert the commit that brought it"
                )
            self.overlay.set(self.tags[service].line, "newTag", str(version))
            values.append(self.of_chart(service, version))
        return write([self.overlay, *values])

    def of_chart(self, service: str, version: Version) -> Text:
        text = Text(self.root / "charts" / service / f"values-{self.name}.yaml", self.root)
        text.set(text.only(text.block("image"), "tag"), "tag", str(version))
        return text
