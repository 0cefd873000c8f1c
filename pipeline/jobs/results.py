"""What a job's stages have made so far, looked up by reference."""

from collections.abc import Mapping, Sequence

from pipeline.jobs.records import Output, Result
from pipeline.references import split


class Results:
    """Results by stage. A fan-out over a list that wasn't known before stands for those of its members, in order."""

    def __init__(self) -> None:
        self._results: dict[str, Result] = {}
        self._members: dict[str, Sequence[str]] = {}

    def add(self, stage: str, result: Result) -> None:
        self._results[stage] = result

    def gather(self, stage: str, members: Sequence[str]) -> None:
        self._members[stage] = members

    def of(self, stage: str) -> Mapping[str, Result]:
        """By name: the stage's own result, or those of a fan-out's members."""
        return {name: self._results[name] for name in self._members.get(stage, (stage,))}

    def outputs(self, reference: str) -> Mapping[str, Output]:
        """By the stage that made it: one, or a fan-out's many. Not for ``job.input``. All must be there."""
        stage, output = split(reference)
        return {name: result.outputs[output] for name, result in self.of(stage).items()}
