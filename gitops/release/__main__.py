"""What runs where, and what is released next: the arithmetic of the workflows in .github/workflows.

In Python, and of its standard library alone, because a runner starts it at once: Rust would be compiled first, each time.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import charts
import history
from environment import Environment
from version import Refused, Version

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    arguments = parser().parse_args()
    try:
        for line in arguments.run(arguments):
            print(line)
    except Refused as refused:
        print(f"release: {refused}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(prog="release", description=(__doc__ or "").partition("\n")[0])
    commands = result.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help, description=help)
        added.set_defaults(run=run)
        return added

    added = command("next", next_version, "prints the version that follows the highest tag, or that of the commit between two")
    added.add_argument("part", choices=["major", "minor", "patch", "commit"])
    added = command("check", check, "prints a version without its v, if it is higher than every tag")
    added.add_argument("version")
    added = command("running", running, "prints what an environment's overlay says")
    added.add_argument("environment")
    added.add_argument("service", nargs="?", help="prints its version alone")
    added = command("set", set_version, "changes an environment's overlay and values; never to a lower version")
    added.add_argument("environment")
    added.add_argument("version")
    added.add_argument("service", nargs="*", help="default: all")
    added = command("promote", promote, "gives one environment what runs in another")
    added.add_argument("source")
    added.add_argument("target")
    added = command("charts", set_charts, "gives the charts a version")
    added.add_argument("version")
    added.add_argument("--registry", help="where their images are, such as ghcr.io/example")
    return result


def next_version(arguments: argparse.Namespace) -> Iterable[object]:
    if arguments.part == "commit":
        return [history.of_commit(ROOT)]
    return [history.latest(ROOT).next(arguments.part)]


def check(arguments: argparse.Namespace) -> Iterable[object]:
    return [history.higher(ROOT, Version.parse(arguments.version))]


def running(arguments: argparse.Namespace) -> Iterable[object]:
    environment = Environment(ROOT, arguments.environment)
    if arguments.service:
        return [environment.running(arguments.service)]
    return [f"{service} {tag.version}" for service, tag in environment.tags.items()]


def set_version(arguments: argparse.Namespace) -> Iterable[object]:
    environment = Environment(ROOT, arguments.environment)
    version = Version.parse(arguments.version)
    return environment.set(dict.fromkeys(arguments.service or environment.tags, version))


def promote(arguments: argparse.Namespace) -> Iterable[object]:
    source = Environment(ROOT, arguments.source)
    return Environment(ROOT, arguments.target).set({service: tag.version for service, tag in source.tags.items()})


def set_charts(arguments: argparse.Namespace) -> Iterable[object]:
    return charts.set_version(ROOT, Version.parse(arguments.version), arguments.registry)


if __name__ == "__main__":
    sys.exit(main())
