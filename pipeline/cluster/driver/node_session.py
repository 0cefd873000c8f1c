"""One node in a run: orders go to it in a thread of their own, and its events come back by a stream for each job."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from pipeline.cluster.content.errors import ContentDamaged, ContentRefused, ContentUnknown, ContentUnreachable, NoRoom
from pipeline.cluster.driver.event_stream import Beside, EventStream, StreamEnds
from pipeline.cluster.driver.remote_attempt import AttemptOver, RemoteAttempt
from pipeline.cluster.node_client import NodeClient
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.cluster.wire.node_events import INLINE_BYTES, ContentSource, OrderAnswer, OrderBatch
from pipeline.errors import PipelineError
from pipeline.executors import Message, ProcessExit
from pipeline.values import Struct

TRIES = 3  # in which all that an order needs must have come: contents may leave a node again while others come
INLINE_IN_ALL = 16 * INLINE_BYTES
SILENT_TRIES = 5  # after which a person hears of a node that can't be asked
RETURN_SECONDS = 1.0  # between two looks whether a node that was lost can be reached again


class NodeReady(Struct, frozen=True):
    """The node can be asked. ``known``: attempts of the jobs' earlier runs that it has."""

    session: "NodeSession"
    known: tuple[AttemptId, ...]


class NodeSilent(Struct, frozen=True):
    """The node was announced, and can't be asked; it is tried again meanwhile."""

    session: "NodeSession"
    words: str


class NodeGone(Struct, frozen=True):
    """The node can't be reached; it is tried again meanwhile."""

    session: "NodeSession"
    words: str


class NodeDrains(Struct, frozen=True):
    """The node takes no more orders."""

    session: "NodeSession"


Letter = Message | AttemptOver | NodeReady | NodeSilent | NodeGone | NodeDrains


class SessionParts(Struct, frozen=True):
    """What the sessions of a run share."""

    post: Callable[[Letter], None]
    beside: Beside  # runs something in another thread
    soon: Beside  # likewise, what takes a moment, and doesn't wait for what takes long
    places: Mapping[str, Path]  # contents of this machine, by digest
    sources: Callable[[str, str], tuple[ContentSource, ...]]  # of a content, for a node
    runs: Callable[[], Sequence[str]]  # the names of the jobs' runs
    tidy: Callable[[NodeClient], None]  # lets a node forget what it keeps of jobs that are done


class NodeSession:
    def __init__(self, node: NodeAnnouncement, client: NodeClient, parts: SessionParts) -> None:
        self.node = node
        self._client = client
        self._parts = parts
        self._outbox: SimpleQueue[RemoteAttempt | None] = SimpleQueue()
        self._streams: dict[str, EventStream] = {}  # by run
        self._on_node: set[str] = set()  # digests that it is known to have
        self._lock = threading.Lock()
        self._is_lost = False
        self._is_closed = False
        self._has_met = False
        threading.Thread(target=self._work, daemon=True, name=f"orders for {node.name}").start()

    def order(self, attempt: RemoteAttempt) -> None:
        """Have it carried out; its end is posted."""
        self._stream(attempt.order.id.run).watch(attempt)
        self._outbox.put(attempt)

    def cancel(self, attempt: RemoteAttempt) -> None:
        attempt.is_cancelled = True
        self._parts.soon(partial(self._quietly, partial(self._client.cancel, [attempt.order.id])))

    def settle(self, id: AttemptId) -> None:
        """The run has all that it needs of an attempt."""
        self._stream(id.run).settle(id)

    def forget(self, ids: Sequence[AttemptId]) -> None:
        """Attempts of earlier runs that nobody wants."""
        if ids:
            self._parts.soon(partial(self._quietly, partial(self._client.forget, ids)))

    def tidy(self) -> None:
        """Let it forget what it keeps of jobs that are done."""
        self._parts.soon(partial(self._quietly, partial(self._parts.tidy, self._client)))

    def send_ahead(self, files: Iterable[tuple[str, Path]]) -> None:
        """Contents that will be needed there soon, by digest."""
        for digest, path in files:
            if digest not in self._on_node:
                self._parts.beside(partial(self._quietly, partial(self._client.push, path, digest)))

    def known(self) -> list[RemoteAttempt]:
        """Those of which the run doesn't have all yet."""
        return [each for stream in list(self._streams.values()) for each in stream.attempts()]

    def attempts(self) -> list[RemoteAttempt]:
        """Those that haven't ended, as far as is known."""
        return [each for each in self.known() if not each.is_over]

    def end(self, attempt: RemoteAttempt, over: AttemptOver) -> None:
        """Tell an end that the node doesn't tell."""
        self._stream(attempt.order.id.run).finish(attempt, over)

    @staticmethod
    def ended(attempt: RemoteAttempt, exited: ProcessExit) -> AttemptOver:
        """An end that whoever asks tells by itself."""
        attempt.is_over = True
        return AttemptOver(attempt, exited)

    def close(self, is_lost: bool = False) -> None:
        """``is_lost``: nothing is told to it any more, since to wait for its answers would hold up the run."""
        self._is_closed = True
        self._outbox.put(None)
        for stream in list(self._streams.values()):
            stream.close(is_lost or not self._has_met)
        self._client.close()

    def _stream(self, run: str) -> EventStream:
        with self._lock:
            if run not in self._streams:
                parts = self._parts
                ends = StreamEnds(parts.post, parts.post, self._drain, self._lose, parts.beside)
                self._streams[run] = EventStream(run, self._client, ends)
            return self._streams[run]

    def _work(self) -> None:
        self._meet()
        while not self._is_closed and (attempt := self._outbox.get()) is not None:
            batch = [attempt]
            while not self._outbox.empty():
                if (other := self._outbox.get()) is not None:
                    batch.append(other)
            try:
                self._begin(batch)
            except (PipelineError, ValueError) as error:  # also an answer that is none
                self._lose(str(error))
                return

    def _meet(self) -> None:
        """Ask what the node has of the jobs' earlier runs; until it answers."""
        tries = 0
        while not self._is_closed:
            tries += 1
            try:
                known = [self._client.attempts(run) for run in self._parts.runs()]
            except (PipelineError, ValueError) as error:
                if tries == SILENT_TRIES:
                    self._parts.post(NodeSilent(self, str(error)))
                time.sleep(RETURN_SECONDS)
                continue
            self._has_met = True
            self._parts.post(NodeReady(self, tuple(id for each in known for id in (*each.running, *each.ended))))
            return

    def _begin(self, attempts: list[RemoteAttempt]) -> None:
        for each in attempts:
            if each.is_cancelled:
                self.end(each, each.cancelled())
        attempts = [each for each in attempts if not each.is_over]
        orders = tuple(each.order for each in attempts)
        wanted = {digest: size for order in orders for digest, size in order.contents().items()}
        new = {digest: size for digest, size in wanted.items() if digest not in self._on_node}
        large = [digest for digest, size in new.items() if size > INLINE_BYTES]
        sources = {digest: found for digest in large if (found := self._parts.sources(digest, self.node.name))}
        try:
            answers = self._client.begin(OrderBatch(orders, self._inline(new), sources))
        except ContentDamaged:  # a file has changed since it was read; sent alone, each has its own error
            answers = self._client.begin(OrderBatch(orders, sources=sources))
        by_id = {each.order.id: each for each in attempts}
        for answer in answers.answers:
            self._take(by_id[answer.id], answer)

    def _inline(self, contents: Mapping[str, int]) -> dict[str, bytes]:
        """The small ones among them, as many as fit into a message."""
        found: dict[str, bytes] = {}
        left = INLINE_IN_ALL
        for digest, size in contents.items():
            place = self._parts.places.get(digest)
            if place and size <= min(INLINE_BYTES, left):
                with contextlib.suppress(OSError):  # then it is missing, and why that is so is told
                    found[digest] = place.read_bytes()
                    left -= size
        return found

    def _take(self, attempt: RemoteAttempt, answer: OrderAnswer) -> None:
        attempt.tries += 1
        if answer.refused:
            self.end(attempt, AttemptOver(attempt, attempt.exit_by("fault", f"it refused the stage: {answer.refused}")))
        elif not answer.missing:
            self._on_node.update(attempt.order.contents())
            if attempt.is_cancelled:  # meanwhile
                self.cancel(attempt)
        elif attempt.tries > TRIES:
            words = f"{answer.missing[0]} doesn't stay there"
            self.end(attempt, AttemptOver(attempt, attempt.exit_by("content", words)))
        else:
            self._on_node.difference_update(answer.missing)
            self._parts.beside(partial(self._supply, attempt, answer.missing))

    def _supply(self, attempt: RemoteAttempt, digests: Sequence[str]) -> None:
        """Send what is missing, and ask again."""
        try:
            for digest in digests:
                self._client.push(self._parts.places[digest], digest)
        except NoRoom as error:
            self.end(attempt, AttemptOver(attempt, attempt.exit_by("room", error.message)))
        except (KeyError, ContentDamaged, OSError) as error:  # nobody has it, or it has changed
            self.end(attempt, AttemptOver(attempt, attempt.exit_by("content", str(error))))
        except (ContentUnreachable, ContentRefused) as error:
            self._lose(error.message)
        else:
            self._outbox.put(attempt)

    def _drain(self) -> None:
        self._parts.post(NodeDrains(self))

    def _lose(self, words: str) -> None:
        with self._lock:
            if self._is_lost or self._is_closed:
                return
            self._is_lost = True
        self._parts.post(NodeGone(self, words))
        self._outbox.put(None)

    @staticmethod
    def _quietly(work: Callable[[], None]) -> None:
        """A node that can't be reached is told of by its stream."""
        with contextlib.suppress(ContentUnreachable, ContentRefused, ContentDamaged, ContentUnknown, NoRoom, OSError):
            work()
