"""A version: semantic (semver.org, 2.0.0), and such that a tag of an image and a label of Kubernetes can hold it too."""

import functools
import re
from dataclasses import dataclass

# ASCII only: \d would take digits of other scripts.
NUMBER = "(?:0|[1-9][0-9]*)"
IDENTIFIER = f"(?:{NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
# The length of a label's value in Kubernetes: the tag becomes app.kubernetes.io/version. Its last character is a letter or a digit.
LONGEST = 63
PATTERN = re.compile(rf"(?=v?.{{1,{LONGEST}}}\Z)v?({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({IDENTIFIER}(?:\.{IDENTIFIER})*))?(?<!-)")


class Refused(Exception):
    """What was asked for is not done; the text says why, in one line."""


@functools.total_ordering
@dataclass(frozen=True)
class Version:
    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Takes a `v` in front, as tags of Git have it."""
        found = PATTERN.fullmatch(text)
        if not found:
            raise Refused(
                f"{ascii(text)[:100]} is no version: 1.2.0 and 1.2.0-rc.1 are, with a v in front or without; "
                f"no leading zeros, no build metadata, at most {LONGEST} characters, the last a letter or a digit"
            )
        major, minor, patch, prerelease = found.groups()
        return cls(int(major), int(minor), int(patch), tuple(prerelease.split(".")) if prerelease else ())

    def __str__(self) -> str:
        core = f"{self.major}.{self.minor}.{self.patch}"
        return f"{core}-{'.'.join(self.prerelease)}" if self.prerelease else core

    def __lt__(self, other: "Version") -> bool:
        return self.precedence() < other.precedence()

    def precedence(self) -> tuple:
        """A pre-release comes before its release, a number before a word, and fewer words before more."""
        words = tuple((0, int(word), "") if word.isdigit() else (1, 0, word) for word in self.prerelease)
        return (self.major, self.minor, self.patch, not self.prerelease, words)

    def next(self, part: str) -> "Version":
        """The lowest release above this one that changes `part`; a pre-release may already stand for it."""
        match part:
            case "major":
                reached = self.prerelease and self.minor == self.patch == 0
                return Version(self.major if reached else self.major + 1, 0, 0)
            case "minor":
                reached = self.prerelease and self.patch == 0
                return Version(self.major, self.minor if reached else self.minor + 1, 0)
            case "patch":
                return Version(self.major, self.minor, self.patch if self.prerelease else self.patch + 1)
        raise ValueError(part)
