"""What a run keeps to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """What a run keeps to, beyond what its stages say."""

    max_parallel: int | None = None
    keep_going: bool = True  # after a failure, go on with what doesn't depend on it
    timeout_seconds: float | None = None  # of each job; None takes what its workflow says
