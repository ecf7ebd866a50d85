"""What Argo Rollouts says of a rung, asked without kubectl: many ask at once, and a process for each costs a core."""

import json
import re
from dataclasses import dataclass

from support.client import ask
from support.kubectl import Object

VERDICTS = {"Successful": "pass", "Failed": "fail", "Error": "fail", "Inconclusive": "inconclusive"}
# Argo takes a question that found nothing to judge by for answered well, when there are no more than five of it.
LEAST = 6


@dataclass(frozen=True)
class Controller:
    """One Rollout's, through an API server that asks for no certificate."""

    address: str
    namespace: str
    name: str

    def get(self, plural: str, name: str = "") -> Object:
        answer = ask(f"http://{self.address}/apis/argoproj.io/v1alpha1/namespaces/{self.namespace}/{plural}/{name}")
        # An API server that is busy is asked again.
        return answer.json() if answer.status == 200 else {}

    def status(self) -> Object:
        """Of the newest spec; nothing while the controller has not seen that."""
        live = self.get("rollouts", self.name)
        status = live.get("status", {})
        return status if live and status.get("observedGeneration") == str(live["metadata"]["generation"]) else {}

    def run(self, dry: bool) -> Object:
        """The newest analysis, of those that decide or of those that do not."""
        found = [run for run in self.get("analysisruns").get("items", []) if bool(run["spec"].get("dryRun")) == dry]
        return max(found, key=lambda run: run["metadata"]["creationTimestamp"], default={})


def decided(status: Object) -> str:
    """The question that the controller names as the reason of an abort."""
    named = re.search(r'Metric "([a-z-]+)" assessed', status.get("message", ""))
    return named[1] if named else ""


def results(run: Object) -> dict[str, Object]:
    return {result["name"]: result for result in run.get("status", {}).get("metricResults", [])}


def verdict(result: Object) -> str:
    """What one question says in the end."""
    said = VERDICTS.get(result["phase"], result["phase"])
    return "undecided" if said == "pass" and result.get("successful", 0) < LEAST else said


def values(result: Object) -> list[float]:
    """What was measured, the newest last; Argo keeps ten."""
    found = [json.loads(measurement.get("value") or "[]") for measurement in result.get("measurements", []) if measurement["phase"] != "Error"]
    return [number for value in found if isinstance(value, list) for number in value]


def told(result: Object) -> str:
    """For whoever reads why a test failed."""
    said = [measurement.get("value") or measurement.get("message", "") for measurement in result.get("measurements", [])]
    return f"{result['name']} {result['phase']} {said}"
