"""Versions are those of semver.org, as far as the tag of an image and a label of Kubernetes can hold them."""

import random

import pytest
from version import Refused, Version

ASCENDING = """0.0.0-0 0.0.0 0.0.4 0.9.9 0.10.0 1.0.0--- 1.0.0-0 1.0.0-2 1.0.0-10 1.0.0-10.a 1.0.0-99999999999999999999 1.0.0-0a
1.0.0-A 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1-dev.9.gabc
1.0.1-dev.10.g0 1.0.1 1.2.0 1.10.0 2.0.0 99999999999999999999.0.0""".split()
# It ends with what a label may not end with.
ASCENDING.remove("1.0.0---")

REFUSED = {
    "empty": "",
    "parts": "1.2",
    "more parts": "1.2.3.4",
    "leading zero": "01.2.3",
    "leading zero of the patch": "1.2.03",
    "leading zero of a pre-release": "1.2.3-01",
    "empty identifier": "1.2.3-a..b",
    "empty pre-release": "1.2.3-",
    "build metadata": "1.2.3+5",
    "build metadata of a pre-release": "1.2.3-rc.1+5",
    "two v": "vv1.2.3",
    "capital v": "V1.2.3",
    "space": " 1.2.3",
    "line end": "1.2.3\n",
    "sign": "-1.2.3",
    "plus": "+1.2.3",
    "underscore, which int() takes": "1_0.2.3",
    "Arabic digits, which \\d takes": "\u0661.\u0662.\u0663",
    "full-width digits": "\uff11.2.3",
    "letter of another script": "1.2.3-\u0430lpha",
    "right-to-left mark": "1.2.3-rc\u200f",
    "surrogate": "1.2.3-\udc80",
    "end that no label has": "1.2.3-rc-",
    "longer than a label": "1.2.3-" + "a" * 58,
    "longer than int() takes": "1" * 5000 + ".0.0",
    "another name": "latest",
    "wildcard": "1.2.x",
    "range": "^1.2.3",
    "digest": "0.1.0@sha256:0123",
    "expression": "${{ github.token }}",
}


@pytest.mark.parametrize("text", ASCENDING)
def test_a_version_is_printed_as_it_was_written_but_for_its_v(text: str) -> None:
    assert str(Version.parse(text)) == text
    assert str(Version.parse(f"v{text}")) == text


def test_versions_are_ordered_as_semver_orders_them() -> None:
    shuffled = random.Random(1).sample(ASCENDING, len(ASCENDING))
    assert [str(version) for version in sorted(map(Version.parse, shuffled))] == ASCENDING


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_version_is_refused_in_one_printable_line(text: str) -> None:
    with pytest.raises(Refused) as refused:
        Version.parse(text)
    message = str(refused.value)
    assert "is no version" in message and message.isascii() and message.isprintable() and len(message) < 400


def test_the_longest_version_has_as_many_characters_as_a_label() -> None:
    longest = "1.2.3-" + "a" * 57
    assert len(longest) == 63
    assert str(Version.parse(f"v{longest}")) == longest


@pytest.mark.parametrize(
    ("version", "major", "minor", "patch"),
    [
        ("0.1.0", "1.0.0", "0.2.0", "0.1.1"),
        ("1.9.9", "2.0.0", "1.10.0", "1.9.10"),
        # What a pre-release announces comes next.
        ("2.0.0-rc.1", "2.0.0", "2.0.0", "2.0.0"),
        ("1.3.0-rc.1", "2.0.0", "1.3.0", "1.3.0"),
        ("1.2.3-rc.1", "2.0.0", "1.3.0", "1.2.3"),
        ("99999999999999999999.0.0", "100000000000000000000.0.0", "99999999999999999999.1.0", "99999999999999999999.0.1"),
    ],
)
def test_the_next_version_changes_the_part_that_was_named(version: str, major: str, minor: str, patch: str) -> None:
    following = [str(Version.parse(version).next(part)) for part in ("major", "minor", "patch")]
    assert following == [major, minor, patch]
    assert all(Version.parse(version) < Version.parse(after) for after in following)
