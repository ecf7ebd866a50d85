"""A Rollout of Argo's, driven by the patches that `kubectl argo rollouts promote` and `abort` send."""

import json
from dataclasses import dataclass

from support.kubectl import Object, get, kubectl, list_of, within


@dataclass
class Rollout:
    """One that is applied already; every wait has a deadline."""

    namespace: str
    name: str = "hello"

    def status(self) -> Object:
        """What the controller says of the newest spec; nothing while it has not seen that."""
        live = get("rollout", self.name, self.namespace)
        seen = live.get("status", {})
        return seen if seen.get("observedGeneration") == str(live["metadata"]["generation"]) else {}

    def reach(self, phase: str, seconds: float = 180) -> None:
        """Healthy, Paused, Degraded or Progressing."""
        within(seconds, f"Rollout {self.name} is {phase}", lambda: self.status().get("phase") == phase)

    def pause_at(self, step: int, seconds: float = 180) -> None:
        """Waits until it is paused by the step of this index, for somebody to promote it."""
        within(seconds, f"Rollout {self.name} pauses at step {step}", lambda: self.pauses_at(step))

    def pauses_at(self, step: int) -> bool:
        now = self.status()
        return (now.get("phase"), now.get("currentStepIndex")) == ("Paused", step)

    def promote(self) -> None:
        """Past the pause that it waits in."""
        self.patch({"pauseConditions": None})

    def abort(self) -> None:
        self.patch({"abort": True})

    def patch(self, status: Object) -> None:
        patch = json.dumps({"status": status})
        kubectl("-n", self.namespace, "patch", "rollout", self.name, "--subresource=status", "--type=merge", "-p", patch)

    def analyses(self) -> list[Object]:
        """Its analysis runs, the oldest first."""
        found = list_of("analysisruns", self.namespace)
        mine = [run for run in found if any(owner["name"] == self.name for owner in run["metadata"]["ownerReferences"])]
        return sorted(mine, key=lambda run: run["metadata"]["creationTimestamp"])
