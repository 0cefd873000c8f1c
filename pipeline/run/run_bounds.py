"""How many stages of a run go at once, how long it may take, and whether it goes on after a failure."""

from pipeline.errors import StageError
from pipeline.values import Struct

AT_ONCE = 256  # stages, where nothing else bounds them: one that asks for no CPU still takes descriptors
ENOUGH = 60  # seconds; a limit that is advised is never so short that nothing could be done in it


class Bounds(Struct, frozen=True):
    """What a run keeps to, beyond what its stages say."""

    max_parallel: int | None = None
    keep_going: bool = True  # after a failure, go on with what doesn't depend on it
    timeout_seconds: float | None = None  # of each job; None takes what its workflow says

    @property
    def at_once(self) -> int:
        """Stages at a time, as far as the machine has room for them."""
        return self.max_parallel or AT_ONCE


def overrun(job: str, seconds: float) -> StageError:
    """The error of a job that took longer."""
    return StageError(
        f"{job} took longer than its limit of {seconds:g} s",
        f"run-pipeline -j {job} --timeout {max(2 * seconds, ENOUGH):g}   goes on from here, with more time",
    )
