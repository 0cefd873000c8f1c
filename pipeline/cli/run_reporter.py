"""What a command's output must be able to tell of a run."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from pipeline.run.observer import JobOutcome, Observer
from pipeline.run.runtime import Runtime

if TYPE_CHECKING:
    from pipeline.prepare.batch import PrepareOutcome


class RunReporter(Observer, Protocol):
    """Tells whoever watches a run of all its jobs."""

    def run_started(self, runtimes: Mapping[str, Runtime]) -> None: ...
    def run_ended(self, outcomes: Mapping[str, JobOutcome], others: "Sequence[PrepareOutcome]" = ()) -> None:
        """``others``: what became of each file from which the jobs were prepared meanwhile."""

    def close(self) -> None:
        """The run is over, whichever way: a terminal gets its cursor back."""
