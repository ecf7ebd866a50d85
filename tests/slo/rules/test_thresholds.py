"""The unit tests hold every threshold and duration: change one of them by a little and a case fails."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cases
import references
import yaml

RULES = references.ROOT / "monitoring/prometheus"
SLOW = ["burn-windows", "burn-hours", "burn-days"]
# A number that is compared with, or that multiplies what is compared with. 0 is no threshold.
THRESHOLD = re.compile(r"(?<=[<>] )[\d.]+|(?<=>= )[\d.]+|[\d.]+(?= \* )")


def nearby(number: str) -> list[str]:
    """A counted number by one, any other by a tenth."""
    value = float(number)
    if value == 0:
        return []
    return [f"{value + 1:g}", f"{value - 1:g}"] if value == int(value) else [f"{value * 1.1:.6g}", f"{value * 0.9:.6g}"]


def mutants(rule: dict) -> Iterator[dict]:
    """The rule with one number changed."""
    for match in THRESHOLD.finditer(rule["expr"]):
        for number in nearby(match.group()):
            yield rule | {"expr": rule["expr"][: match.start()] + number + rule["expr"][match.end() :]}
    if "for" in rule:
        minutes = int(rule["for"].removesuffix("m"))
        yield rule | {"for": f"{minutes * 2}m"}
        # Whole minutes, because the unit tests evaluate once a minute.
        yield rule | {"for": f"{minutes // 2}m"}


def all_mutants() -> Iterator[tuple[str, dict, dict]]:
    """Topic, description and changed file of each mutant."""
    for path in sorted(RULES.glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        for group in document["groups"]:
            for index, rule in enumerate(group["rules"]):
                for mutant in mutants(rule) if "alert" in rule else ():
                    group["rules"][index] = mutant
                    yield path.stem, mutant, yaml.safe_dump(document)
                group["rules"][index] = rule


def survives(directory: Path, topic: str, mutant: dict, changed: str) -> bool:
    """Whether every case of the alert passes with the changed file."""
    tests = directory / "tests/slo/rules/promtool"
    tests.mkdir(parents=True)
    shutil.copytree(RULES, directory / "monitoring/prometheus")
    (directory / "monitoring/prometheus" / f"{topic}.yaml").write_text(changed)
    # The quick ones first: one case that fails is enough.
    for path in sorted(cases.FILES, key=lambda path: path.stem in SLOW):
        if (document := cases.of_alert(path, mutant["alert"])) and not passes(tests / path.name, document):
            return False
    return True


def passes(path: Path, document: dict) -> bool:
    path.write_text(yaml.safe_dump(document))
    return subprocess.run(["promtool", "test", "rules", path], capture_output=True, check=False).returncode == 0


def test_a_changed_threshold_or_duration_fails_a_case(tmp_path: Path) -> None:
    everything = list(all_mutants())
    directories = [tmp_path / str(number) for number in range(len(everything))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        lives = list(pool.map(lambda directory, it: survives(directory, *it), directories, everything))
    survivors = [(it["alert"], it["expr"], it.get("for")) for (_, it, _), alive in zip(everything, lives) if alive]
    assert not survivors, f"{len(survivors)} of {len(everything)} changes go unnoticed: {survivors}"
