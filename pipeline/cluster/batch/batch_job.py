"""The job that this process runs in, as the process itself knows it."""

import time

from pipeline.values import Struct


class BatchJob(Struct, frozen=True):
    """``ends``: by ``time.monotonic()`` of this machine; ``None`` where nobody knows."""

    id: str
    ends: float | None = None

    def seconds_left(self) -> float | None:
        return None if self.ends is None else max(0.0, self.ends - time.monotonic())
