"""The attempts that a node knows, and which of those at one stage of one run counts.

In memory: what is kept of those that have ended is in ``outcome_archive.py``.
"""

from collections import OrderedDict
from collections.abc import Iterator

from pipeline.cluster.node.node_attempt import NodeAttempt
from pipeline.cluster.wire.attempt_order import AttemptId

FENCES = 100_000  # works whose highest numbers are known after their attempts were forgotten

Work = tuple[str, str, str]


class KnownAttempts:
    """The caller has a lock."""

    def __init__(self) -> None:
        self._by_id: dict[AttemptId, NodeAttempt] = {}
        self._by_work: dict[Work, list[NodeAttempt]] = {}
        self._highest: OrderedDict[Work, int] = OrderedDict()

    def __iter__(self) -> Iterator[NodeAttempt]:
        return iter(self._by_id.values())

    def find(self, id: AttemptId) -> NodeAttempt | None:
        return self._by_id.get(id)

    def at(self, work: Work) -> list[NodeAttempt]:
        """All attempts at this work."""
        return list(self._by_work.get(work, ()))

    def of(self, run: str) -> list[NodeAttempt]:
        return [each for each in self._by_id.values() if each.id.run == run]

    def highest(self, work: Work) -> int:
        """The highest number that was known, also of one that is forgotten by now."""
        return self._highest.get(work, 0)

    def add(self, attempt: NodeAttempt) -> None:
        work = attempt.id.work
        self._by_id[attempt.id] = attempt
        self._by_work.setdefault(work, []).append(attempt)
        self._raise_fence(work, attempt.id.number)

    def rename(self, attempt: NodeAttempt, id: AttemptId) -> None:
        """It goes on as a later attempt at the same work."""
        del self._by_id[attempt.id]
        attempt.id = id
        self._by_id[id] = attempt
        self._raise_fence(id.work, id.number)

    def remove(self, attempt: NodeAttempt) -> None:
        work = attempt.id.work
        self._by_id.pop(attempt.id, None)
        others = self._by_work.get(work, [])
        if attempt in others:
            others.remove(attempt)
        if not others:
            self._by_work.pop(work, None)

    def _raise_fence(self, work: Work, number: int) -> None:
        self._highest[work] = max(number, self.highest(work))
        self._highest.move_to_end(work)
        if len(self._highest) > FENCES:
            self._highest.popitem(last=False)
