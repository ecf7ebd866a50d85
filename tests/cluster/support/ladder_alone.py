"""A rung again, watched by analyses of which none decides, so that each has its time: what it says when it alone watches."""

from dataclasses import dataclass, field

from support.kubectl import Object, within
from support.ladder import Rung
from support.ladder_controller import VERDICTS, Controller, results, told, values, verdict
from support.ladder_rollout import analysis
from support.ladder_service import put
from support.ladder_traffic import RATE, RATES, traffic

# Five minutes: the first after one, then one in 20 s. What could not be measured is asked again and not counted.
MEASUREMENTS, SECONDS = "13", 480


@dataclass
class Alone:
    verdicts: dict[str, str] = field(default_factory=dict)
    # The shares of good answers that the controller measured.
    measured: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def watch(rung: Rung, controller: Controller) -> Alone:
    """With the traffic of the step where its rollout ends."""
    steps = [{"setWeight": rung.release["step"]}, {"pause": {}}]
    dry = analysis(rung, dryRun=[{"metricName": ".*"}], args=[{"name": "count", "value": MEASUREMENTS}])
    with traffic(rung.service, controller.namespace, SECONDS, RATES.get(rung.name, RATE)):
        # A release of its own: the pods of the last one are on their way out.
        put(rung, rung.version, controller.namespace, {"analysis": dry, "steps": steps}, {"flotilla-tests/watched": "alone"})
        run = within(SECONDS, f"every analysis of {rung.name} has its measurements", lambda: finished(rung, controller), 3)
    found = results(run)
    said = {name: verdict(result) for name, result in found.items()}
    return Alone(said, values(found["success-rate"]), [told(result) for result in found.values()])


def finished(rung: Rung, controller: Controller) -> Object:
    """The run, when each question has its answer that has one: errors can keep one of the others from ever having its number."""
    run = controller.run(dry=True)
    found, verdicts = results(run), rung.release["verdicts"]
    answered = [found.get(name, {}).get("phase") in VERDICTS for name, verdict in verdicts.items() if verdict != "either"]
    return run if run and all(answered) else {}
