"""How many nodes a cluster shall have: up at once, down only after a time. Pure.

Dask's own way of adapting counts its tasks, and there are none.
"""

from pipeline.cluster.definitions.cluster_definition import NodeRange

FAILURES = 3  # in a row, without any node, after which there will be none
PAUSE_SECONDS = 5.0  # after the first of them; twice as many after each further one


class Scaling:
    """Times are in seconds of one clock that never jumps."""

    def __init__(self, nodes: NodeRange, idle_seconds: float) -> None:
        self._nodes = nodes
        self._idle_seconds = idle_seconds
        self._wanted = nodes.least
        self._fewer_since: float | None = None
        self._failures = 0
        self._paused_until = 0.0

    def want(self, nodes: int) -> None:
        self._wanted = nodes

    def failed(self, now: float) -> None:
        """A node couldn't be started."""
        self._paused_until = now + PAUSE_SECONDS * 2.0**self._failures
        self._failures += 1

    def joined(self) -> None:
        """A node has come, so they can."""
        self._failures = 0

    @property
    def is_hopeless(self) -> bool:
        return self._failures >= FAILURES

    def target(self, made: int, now: float) -> int:
        """How many there shall be, of which ``made`` are there or come."""
        wanted = min(max(self._wanted, self._nodes.least), self._nodes.most)
        if wanted >= made:
            self._fewer_since = None
            return wanted if now >= self._paused_until else made
        if self._fewer_since is None:
            self._fewer_since = now
        return wanted if now - self._fewer_since >= self._idle_seconds else made
