"""How long stages took when they last ran, so that the longest way through a job is known before it is gone."""

import contextlib
import math
from typing import Any

from pipeline.cache import removal
from pipeline.files import pack_json, write_at_once
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.project import ProjectFolder
from pipeline.values import ValidationError, decode

UNKNOWN = 1.0  # seconds; with nothing known, the longest way is the one with the most stages
FOR_INPUT = "@"  # after a stage's name: how many seconds of input it took so long for
WORTH_KEEPING = 0.05  # seconds; what is shorter decides nothing


class Durations:
    """Those of one workflow, by the stage's file and name; a fan-out's members count as one stage.

    An estimate: it may be lost, be another's, or be wrong, and only the order of ready stages depends on it.
    """

    def __init__(self, project: ProjectFolder, job: PlannedJob) -> None:
        self._file = project.cache / "durations" / f"{job.plan.workflow}.json"
        self._seconds_of_input = job.plan.input.duration_s
        self._changed: dict[str, float] = {}
        try:
            known = decode(self._file.read_bytes(), dict[str, Any])
        except (OSError, ValueError, ValidationError):
            known = {}
        self._known: dict[str, float] = {name: seconds for name, seconds in known.items() if _is_time(seconds)}

    def expected(self, stage: PlannedStage) -> float:
        """Seconds that a stage will take, by the length of the input where that is known."""
        if (known := self._known.get(_name(stage))) is not None:
            before = self._known.get(f"{_name(stage)}{FOR_INPUT}")
            return known * (self._seconds_of_input / before) if before and self._seconds_of_input else known
        if self.is_guessed(stage):
            by_length = (stage.expected_per_second or 0.0) * (self._seconds_of_input or 0.0)
            return by_length + (stage.expected_seconds or 0.0)
        return UNKNOWN if stage.expected_seconds is None else stage.expected_seconds

    def is_guessed(self, stage: PlannedStage) -> bool:
        """Whether it never ran, and its workflow says how long it takes for this much input."""
        return not self.is_known(stage) and stage.expected_per_second is not None and bool(self._seconds_of_input)

    def is_known(self, stage: PlannedStage) -> bool:
        """Whether it has run before."""
        return _name(stage) in self._known

    def took(self, stage: PlannedStage, seconds: float) -> None:
        if seconds >= WORTH_KEEPING:
            self._changed[_name(stage)] = round(seconds, 3)
            if self._seconds_of_input:
                self._changed[f"{_name(stage)}{FOR_INPUT}"] = self._seconds_of_input

    def save(self) -> None:
        if self._changed:
            with contextlib.suppress(OSError):  # a folder that can't be written to costs an estimate
                self._file.parent.mkdir(parents=True, exist_ok=True)
                removal.sweep(self._file.parent)
                write_at_once(self._file, pack_json({**self._known, **self._changed}))


def _is_time(seconds: Any) -> bool:
    return isinstance(seconds, int | float) and 0 <= seconds < math.inf  # which NaN isn't


def _name(stage: PlannedStage) -> str:
    return f"{stage.uses}/{stage.planned_name}"
