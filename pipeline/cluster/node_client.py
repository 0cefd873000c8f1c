"""The run's side of the wire: one node's agent, asked over its server."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pipeline.cluster.content.client import ContentClient
from pipeline.cluster.content.errors import ContentUnknown
from pipeline.cluster.node.agent_answers import StateQuestion
from pipeline.cluster.wire.attempt_order import AttemptId, AttemptOrder, encode_order
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome, AttemptState, MissingContents
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedFolder, is_file, require_safe
from pipeline.values import decode, encode

T = TypeVar("T")
ROUNDS = 3  # in which all that an order needs must have come: contents may go again while others come


class NodeClient:
    """Each method raises what ``ContentClient`` does."""

    def __init__(self, address: str, token: str, tls: ssl.SSLContext | None = None, **options: Any) -> None:
        self.contents = ContentClient(address, token, tls, **options)

    def begin(self, order: AttemptOrder, files: Mapping[str, Path]) -> None:
        """Let the node carry out an order; what it lacks of the order's contents is sent from ``files``, by digest.

        Raises ``ContentUnknown`` for what isn't in ``files``, or doesn't stay on the node.
        """
        missing: tuple[str, ...] = ()
        for _ in range(ROUNDS):
            missing = self._ask("begin", encode_order(order), MissingContents).digests
            if not missing:
                return
            for digest in missing:
                if digest not in files:
                    raise ContentUnknown(f"nobody has {digest}, which {order.id.stage} needs")
                self.contents.push(files[digest], digest)
        raise ContentUnknown(f"{self.contents.address} doesn't keep {missing[0]}, which {order.id.stage} needs")

    def state(self, id: AttemptId, reports: int = 0, log: int = 0, seconds: float = 0.0) -> AttemptState:
        """What there is beyond so many reports and bytes of the log; waits for that, so many seconds at most."""
        return self._ask("state", encode(StateQuestion(id, reports, log, seconds)), AttemptState)

    def cancel(self, id: AttemptId) -> None:
        """End an attempt; its outcome says so."""
        self.contents.call("cancel", encode(id))

    def forget(self, id: AttemptId) -> None:
        """Nothing is needed of an attempt any more."""
        self.contents.call("forget", encode(id))

    def pull(self, outcome: AttemptOutcome, folder: Path) -> None:
        """Bring what an attempt made into an empty folder, with the names that it has. Each file's bytes are compared
        with its digest and are on the disk. Raises ``ValueError`` for names that lead elsewhere."""
        for item in outcome.outputs.values():
            require_safe(item)
            if isinstance(item, OrderedFile):
                self.contents.fetch_file(item.digest, item.size, folder / item.name)
            else:
                self._pull_folder(item, folder / item.name)

    def _pull_folder(self, item: OrderedFolder, top: Path) -> None:
        """Links come last, so that nothing is written through one."""
        top.mkdir()
        for each in item.entries:
            if each.kind == "folder":
                (top / each.path).mkdir(parents=True, exist_ok=True)
        for each in item.entries:
            if is_file(each):
                self.contents.fetch_file(f"blake3:{each.content}", each.size, top / each.path)
            if each.kind == "program":
                (top / each.path).chmod(0o755)
        for each in item.entries:
            if each.kind == "link":
                (top / each.path).symlink_to(each.content)

    def _ask(self, name: str, body: bytes, kind: type[T]) -> T:
        return decode(self.contents.call(name, body), kind)
