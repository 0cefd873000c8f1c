"""Attempts that failed, and whose environment may be to blame: it is read, and repaired, beside the loop.

One thread checks one environment after the other: what the first check has repaired, the next one finds whole.
"""

from collections.abc import Callable
from functools import partial

from pipeline.progress import Progress
from pipeline.run.beside_loop import Act, BesideLoop
from pipeline.run.failures.classify import should_escalate
from pipeline.run.failures.message import Failure
from pipeline.run.task import LiveAttempt

Diagnose = Callable[[Failure, Progress], Failure]
Diagnosed = Callable[[LiveAttempt, Failure], None]


class EnvironmentChecks:
    """``done`` gets each failure whose environment was checked, with its verdict, in the loop's thread."""

    def __init__(self, wake: Act, done: Diagnosed) -> None:
        self._checks = BesideLoop(wake)
        self._done = done

    def begin(self, attempt: LiveAttempt, failure: Failure, diagnose: Diagnose, progress: Progress) -> bool:
        """Whether the environment is checked, beside what runs; ``False`` where nothing points to it."""
        if not should_escalate(failure.evidence):
            return False

        def check(post: Callable[[Act], None]) -> Act:
            verdict = diagnose(failure, lambda text: post(partial(progress, text)))
            return partial(self._done, attempt, verdict)

        self._checks.start(check)
        return True

    def handle(self) -> None:
        """Do what the checks have left to the loop. Raises what a check raised."""
        self._checks.handle()

    def close(self) -> None:
        """Give up what is being checked."""
        self._checks.close()
