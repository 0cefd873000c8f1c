"""How near the engine comes to the shortest makespan of published workflows; for ``engine.py``."""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import ours
import shapes
from figures import Figures
from ours import Ours

REACHABLE, MOST = 1.01, 1.05
WAYS = {"": "worker", "_cold": "cold"}  # the end of the figure's name, and what run-pipeline calls it


@dataclass(frozen=True)
class Case:
    """A workflow, how it is run, and how many times."""

    name: str
    workflow: shapes.Workflow
    way: str
    slots: int
    times: int

    @property
    def figure(self) -> str:
        return f"makespan_{self.name}_{self.slots}{self.way}"

    @property
    def least(self) -> float:
        """Seconds that no schedule can beat."""
        return shapes.bound(self.workflow, self.slots)


def measure(project: Ours, figures: Figures, folder: Path, count: int, repeats: int) -> None:
    """The first ``count`` workflows; those in workers ``repeats`` times. Raises ``Failed``."""
    workflows = dict(list(shapes.load(folder).items())[:count])
    for name, workflow in workflows.items():
        project.add(name, ours.shape(workflow))
    for case in _cases(workflows, repeats):
        figures.measure(case.figure, partial(_ratio, project, figures, case))


def _cases(workflows: Mapping[str, shapes.Workflow], repeats: int) -> Iterator[Case]:
    for name, workflow in workflows.items():
        for slots in (2, 4):
            for way in WAYS:
                yield Case(name, workflow, way, slots, 1 if way else repeats)


def _ratio(project: Ours, figures: Figures, case: Case) -> float:
    times = [project.makespan(case.name, WAYS[case.way], case.slots) for _ in range(case.times)]
    seconds, whole = (statistics.median(column) for column in zip(*times, strict=True))
    ideal = shapes.list_schedule(case.workflow, case.slots)
    note = f"whole command {whole / case.least:.3f}"
    if ideal > case.least * REACHABLE:
        note += f"; a list schedule {ideal / case.least:.3f}, ours over it {seconds / ideal:.3f}"
    elif not case.way:
        figures.limits[case.figure] = MOST
    figures.notes[case.figure] = note
    return float(round(seconds / case.least, 3))
