"""The run's side of the wire: one node's agent, asked over its server."""

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pipeline.cluster.content.client import ContentClient
from pipeline.cluster.content.content_name import digest_by, hasher
from pipeline.cluster.content.errors import ContentDamaged
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.cluster.wire.node_events import EventsQuestion, NodeAttempts, NodeEvents, OrderAnswers, OrderBatch
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedFolder, is_file, require_safe
from pipeline.files import write_at_once
from pipeline.values import decode, encode

T = TypeVar("T")


class NodeClient:
    """Threads may share it. Each method raises what ``ContentClient`` does."""

    def __init__(self, address: str, token: str, tls: ssl.SSLContext | None = None, **options: Any) -> None:
        self.contents = ContentClient(address, token, tls, **options)

    def begin(self, batch: OrderBatch) -> OrderAnswers:
        """Let the node carry out orders. Those whose contents are missing don't begin: send these, and ask again."""
        return self._ask("begin", encode(batch), OrderAnswers)

    def events(self, question: EventsQuestion) -> NodeEvents:
        """News of a run's attempts, as soon as there are any. Asked again, the same numbers are the same events.

        Raises ``ContentRefused`` where another process of the run has asked since this one began.
        """
        return self._ask("events", encode(question), NodeEvents)

    def attempts(self, run: str) -> NodeAttempts:
        """What the node knows of a run."""
        return self._ask("attempts", encode({"run": run}), NodeAttempts)

    def runs(self) -> frozenset[str]:
        """Those of which the node knows anything."""
        return self._ask("runs", b"", frozenset[str])

    def cancel(self, ids: Sequence[AttemptId]) -> None:
        """End attempts; their outcomes say so."""
        self.contents.call("cancel", encode(ids))

    def forget(self, ids: Sequence[AttemptId]) -> None:
        """Nothing is needed of these attempts any more; those that go on are ended."""
        self.contents.call("forget", encode(ids))

    def push(self, source: Path, digest: str) -> None:
        """Send a content to the node, unless it is there. Raises ``OSError``, too."""
        self.contents.push(source, digest)

    def pull(self, outcome: AttemptOutcome, folder: Path, contents: Mapping[str, bytes] | None = None) -> None:
        """Bring what an attempt made into an empty folder, with the names that it has. Each file's bytes are compared
        with its digest; those that come from the node, and not from ``contents``, are on the disk.

        Raises ``ValueError`` for names that lead elsewhere.
        """
        here = contents or {}
        for item in outcome.outputs.values():
            require_safe(item)
            if isinstance(item, OrderedFile):
                self._pull_file(item.digest, item.size, folder / item.name, here)
            else:
                self._pull_folder(item, folder / item.name, here)

    def close(self) -> None:
        """Close idle connections."""
        self.contents.close()

    def _pull_file(self, digest: str, size: int, target: Path, contents: Mapping[str, bytes]) -> None:
        if digest not in contents:
            self.contents.fetch_file(digest, size, target)
            return
        own = hasher(digest)
        own.update(contents[digest])
        if digest_by(own, digest) != digest:
            raise ContentDamaged(f"what {self.contents.address} sent along isn't {digest}")
        write_at_once(target, contents[digest])

    def _pull_folder(self, item: OrderedFolder, top: Path, contents: Mapping[str, bytes]) -> None:
        """Links come last, so that nothing is written through one."""
        top.mkdir()
        for each in item.entries:
            if each.kind == "folder":
                (top / each.path).mkdir(parents=True, exist_ok=True)
        for each in item.entries:
            if is_file(each):
                self._pull_file(f"blake3:{each.content}", each.size, top / each.path, contents)
            if each.kind == "program":
                (top / each.path).chmod(0o755)
        for each in item.entries:
            if each.kind == "link":
                (top / each.path).symlink_to(each.content)

    def _ask(self, name: str, body: bytes, kind: type[T]) -> T:
        return decode(self.contents.call(name, body), kind)
