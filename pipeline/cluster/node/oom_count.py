"""How often the kernel has killed for memory, as it was a moment ago: to read it takes longer than to start a stage."""

import time

from pipeline.run.failures import oom
from pipeline.run.failures.oom import OomKills

SECONDS = 1.0  # that what was read may be old


class OomCount:
    """Threads may share it: two that read at the same time read the same."""

    def __init__(self) -> None:
        self._read_at = float("-inf")
        self._kills = OomKills()

    def latest(self) -> OomKills:
        """At most a second old: before an attempt, where a kill that is older isn't taken for its own."""
        return self._kills if time.monotonic() - self._read_at < SECONDS else self.now()

    def now(self) -> OomKills:
        self._kills, self._read_at = oom.read(), time.monotonic()
        return self._kills
