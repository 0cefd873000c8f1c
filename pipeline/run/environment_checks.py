"""What failed, and whose environment may be to blame: it is read, and repaired, beside the loop.

One thread checks one environment after the other: what the first check has repaired, the next one finds whole.
"""

from collections.abc import Callable
from functools import partial

from pipeline.progress import Progress
from pipeline.run.background_thread import Act, BackgroundThread
from pipeline.run.failures.classify import should_escalate
from pipeline.run.failures.message import Failure

Diagnose = Callable[[Failure, Progress], Failure]
Diagnosed = Callable[[Failure], None]


class EnvironmentChecks:
    """Checks of environments, one after the other."""

    def __init__(self, wake: Act) -> None:
        self._checks = BackgroundThread(wake)

    def begin(self, failure: Failure, diagnose: Diagnose, progress: Progress, done: Diagnosed) -> bool:
        """Whether the environment is checked, beside what runs; ``False`` where nothing points to it.

        ``done`` gets the failure with its verdict, in the loop's thread.
        """
        if not should_escalate(failure.evidence):
            return False

        def check(post: Callable[[Act], None]) -> Act:
            verdict = diagnose(failure, lambda text: post(partial(progress, text)))
            return partial(done, verdict)

        self._checks.start(check)
        return True

    def handle(self) -> None:
        """Do what the checks have left to the loop. Raises what a check raised."""
        self._checks.handle()

    def close(self) -> None:
        """Give up what is being checked."""
        self._checks.close()
