"""Changes single values in YAML files and leaves every other byte as it was, comments and line ends included."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from version import Refused


class Text:
    """A file's lines, in which values are found by their keys and replaced."""

    def __init__(self, path: Path, root: Path):
        # A link stays a link.
        self.path = path.resolve()
        self.name = str(path.relative_to(root))
        try:
            self.lines = re.split(r"(?<=\n)", self.path.read_bytes().decode())
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{self.name}: {getattr(error, 'strerror', None) or error}") from error

    def block(self, key: str) -> range:
        """The lines below a key of the file's first level."""
        starts = [number for number, line in enumerate(self.lines) if re.match(rf"{key}:\s*(#.*)?$", line)]
        if len(starts) != 1:
            raise Refused(f"{self.name}: `{key}:` is there {len(starts)} times, on a line of its own it has to be once")
        end = start = starts[0] + 1
        # A list may stand as far left as its key.
        while end < len(self.lines) and re.match(r"\s|#|- |$", self.lines[end]):
            end += 1
        return range(start, end)

    def items(self, key: str) -> list[range]:
        """The lines of each item of the list below such a key."""
        lines = self.block(key)
        starts = [number for number in lines if self.lines[number].lstrip().startswith("- ")]
        return [range(start, end) for start, end in zip(starts, [*starts[1:], lines.stop])]

    def value(self, number: int, key: str) -> str | None:
        """What the line says, if it gives this key a plain value or a quoted one."""
        place = self.place(number, key)
        return self.lines[number][place] if place else None

    def place(self, number: int, key: str) -> slice | None:
        """Where in the line the value is, between its quotes."""
        found = re.match(rf"""[ -]*{key}:[ ]+(?:"([^"]*)"|'([^']*)'|([^\s"'#]\S*))(?:\s+#.*)?\s*$""", self.lines[number])
        return slice(*found.span(found.lastindex or 0)) if found else None

    def only(self, lines: range, key: str) -> int:
        """The number of the one line that gives this key a value."""
        numbers = [number for number in lines if self.place(number, key)]
        if len(numbers) != 1:
            raise Refused(f"{self.name}: `{key}: <value>` is there {len(numbers)} times where it has to be once")
        return numbers[0]

    def set(self, number: int, key: str, value: str) -> None:
        """Changes what stands there, and neither its quotes nor the comment behind it."""
        place = self.place(number, key)
        assert place, "whoever sets a value has found it before"
        line = self.lines[number]
        self.lines[number] = line[: place.start] + value + line[place.stop :]


def write(texts: list[Text]) -> list[str]:
    """Puts all of them in place of their files, or none, and returns the names of those that differ."""
    old = {text.path: text.path.read_bytes() for text in texts}
    new = {text.path: "".join(text.lines).encode() for text in texts}
    changed = [text for text in texts if new[text.path] != old[text.path]]
    begun: list[Path] = []
    try:
        staged = {text.path: stage(text.path, new[text.path], begun) for text in changed}
        for path, temporary in staged.items():
            os.replace(temporary, path)
    except BaseException as error:
        for temporary in begun:
            temporary.unlink(missing_ok=True)
        for path, content in old.items():
            if path.read_bytes() != content:
                os.replace(stage(path, content, []), path)
        if isinstance(error, OSError):
            raise Refused(f"nothing is changed: {error}") from error
        raise
    return [text.name for text in changed]


def stage(path: Path, content: bytes, begun: list[Path]) -> Path:
    """The content in a file beside its place, so that a rename puts it there whole; its name goes into `begun` first."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    begun.append(Path(name))
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    shutil.copymode(path, name)
    return Path(name)
