"""What a run hasn't heard yet of one attempt, as events."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator

from pipeline.cluster.node.node_attempt import NodeAttempt
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.cluster.wire.node_events import (
    INLINE_BYTES,
    AnyNodeEvent,
    AttemptBegan,
    AttemptEnded,
    AttemptLogged,
    AttemptPrepares,
    AttemptReported,
)
from pipeline.values import replace

LOG_BYTES = 1 << 20  # of logs, in one answer
MOST_EVENTS = 1000  # in one answer

ReadContent = Callable[[str], bytes | None]


class AnswerRoom:
    """What still has a place in one answer."""

    def __init__(self, read: ReadContent) -> None:
        self.reports = MOST_EVENTS
        self.log = LOG_BYTES
        self._inline = 16 * INLINE_BYTES
        self._read = read

    def contents(self, outcome: AttemptOutcome) -> dict[str, bytes]:
        """Those of its outputs that are small."""
        found: dict[str, bytes] = {}
        for digest, size in outcome.contents().items():
            if size <= min(INLINE_BYTES, self._inline) and (data := self._read(digest)) is not None:
                found[digest] = data
                self._inline -= size
        return found


class AttemptNews:
    """Of one attempt, under the id that it has now."""

    def __init__(self, attempt: NodeAttempt) -> None:
        self.attempt = attempt
        self.id = attempt.id
        self._preparing = ""
        self._has_begun = False
        self._said = 0
        self._logged = 0  # bytes
        self._is_ended = False

    @property
    def may_come(self) -> bool:
        """Whether there may be more without a word: of its process's start, and of its log."""
        return not self.attempt.is_ended

    def take(self, room: AnswerRoom) -> Iterator[AnyNodeEvent]:
        """What has happened meanwhile, as far as there is room for it."""
        if self._is_ended:
            return
        attempt, outcome = self.attempt, self.attempt.outcome  # before its log is read, which is whole then
        began = attempt.began
        if attempt.preparing != self._preparing and began is None:
            self._preparing = attempt.preparing
            yield AttemptPrepares(id=self.id, words=self._preparing)
        if began is not None and not self._has_begun:
            self._has_begun = True
            yield AttemptBegan(id=self.id, seconds=round(time.monotonic() - began, 4))
        yield from self._reports(room)
        yield from self._log(room)
        is_all = self._said == attempt.last_said and (outcome is None or self._logged >= _size(attempt))
        if outcome is not None and is_all:
            self._is_ended = True
            yield AttemptEnded(id=self.id, outcome=replace(outcome, id=self.id), contents=room.contents(outcome))

    def _reports(self, room: AnswerRoom) -> Iterator[AnyNodeEvent]:
        if self._said == self.attempt.last_said:
            return
        for number, report in self.attempt.said_after(self._said)[: room.reports]:
            self._said = number
            room.reports -= 1
            yield AttemptReported(id=self.id, report=report)

    def _log(self, room: AnswerRoom) -> Iterator[AnyNodeEvent]:
        if room.log <= 0 or _size(self.attempt) <= self._logged:
            return
        with contextlib.suppress(OSError), open(self.attempt.log, "rb") as file:
            file.seek(self._logged)
            if data := file.read(room.log):
                offset, self._logged = self._logged, self._logged + len(data)
                room.log -= len(data)
                yield AttemptLogged(id=self.id, offset=offset, data=data)


def _size(attempt: NodeAttempt) -> int:
    """Bytes of its log; 0 where there is none."""
    try:
        return os.stat(attempt.log).st_size
    except OSError:
        return 0
