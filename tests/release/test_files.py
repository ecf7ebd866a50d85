"""Several files change together or not at all, whatever fails in between."""

import os
from pathlib import Path

import files
import pytest
from version import Refused


@pytest.fixture
def texts(tmp_path: Path) -> list[files.Text]:
    names = [tmp_path / name for name in ("a.yaml", "b.yaml", "c.yaml")]
    for path in names:
        path.write_text("tag: 1 # kept\n")
        path.chmod(0o640)
    result = [files.Text(path, tmp_path) for path in names]
    for text in result:
        text.set(0, "tag", "2")
    return result


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_what_is_written_keeps_its_mode_and_leaves_nothing_beside(texts: list[files.Text], tmp_path: Path) -> None:
    assert files.write(texts) == ["a.yaml", "b.yaml", "c.yaml"]
    assert contents(tmp_path) == dict.fromkeys(["a.yaml", "b.yaml", "c.yaml"], "tag: 2 # kept\n")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o640}
    assert files.write(texts) == [], "nothing is left to change"


def test_a_link_stays_a_link(texts: list[files.Text], tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to("a.yaml")
    text = files.Text(link, tmp_path)
    text.set(0, "tag", "3")
    files.write([text])
    assert link.is_symlink() and (tmp_path / "a.yaml").read_text() == "tag: 3 # kept\n"


@pytest.mark.parametrize("error", [OSError("no space"), KeyboardInterrupt()])
@pytest.mark.parametrize("call", range(3))
@pytest.mark.parametrize("function", ["replace", "fdopen"])
def test_a_failure_leaves_every_file_as_it_was(
    texts: list[files.Text], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, call: int, error: BaseException
) -> None:
    before = contents(tmp_path)
    real, calls = getattr(os, function), iter(range(100))

    def failing(*arguments, **options):
        if next(calls) == call:
            raise error
        return real(*arguments, **options)

    monkeypatch.setattr(os, function, failing)
    with pytest.raises(Refused if isinstance(error, OSError) else KeyboardInterrupt):
        files.write(texts)
    assert contents(tmp_path) == before
