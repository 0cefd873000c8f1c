"""A run of which only what it delivers is told; what fails is told by the error that follows."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.cli.plain_reporter import PlainReporter, print_delivered
from pipeline.run.observer import JobOutcome

if TYPE_CHECKING:
    from pipeline.prepare.batch import PrepareOutcome


class QuietReporter(PlainReporter):
    def run_ended(self, outcomes: Mapping[str, JobOutcome], others: "Sequence[PrepareOutcome]" = ()) -> None:  # noqa: ARG002  # as ``RunReporter``
        print_delivered(outcomes)

    def say(self, text: str) -> None:
        """Nobody wants to know."""
