"""Contents that a node fetches itself: from another node, or from a folder that machines share."""

import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.cluster.content.client import ContentClient
from pipeline.cluster.content.errors import ContentDamaged, ContentRefused, ContentUnknown, ContentUnreachable
from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.wire.node_events import ContentSource
from pipeline.errors import NotReady
from pipeline.files import COPIED_BYTES

PEER_TRIES = 3  # in a row that bring nothing, before the next source is tried
PEER_SECONDS = 10.0  # that another node may say nothing: an attempt that is to end waits as long, too

Proceed = Callable[[], None]  # raises where nobody waits any more


class ContentsMissing(NotReady):
    """None of the sources of a content gave it."""

    def __init__(self, digest: str, reasons: Sequence[str]) -> None:
        super().__init__(f"{digest} can't be had: {'; '.join(reasons) or 'nobody has it'}")
        self.digest = digest


class ContentSources:
    """For one node's store. Threads may share it."""

    def __init__(self, store: ContentStore, token: str = "", tls: ssl.SSLContext | None = None) -> None:
        """``token`` and ``tls``: what other nodes are asked with."""
        self._store = store
        self._token = token
        self._tls = tls
        self._peers: dict[str, ContentClient] = {}

    def bring(self, digest: str, size: int, sources: Sequence[ContentSource], proceed: Proceed) -> None:
        """Into the store, from the first source that gives it.

        Raises ``ContentsMissing`` where none does, ``NoRoom``, and what ``proceed`` raises.
        """
        reasons: list[str] = []
        for source in sources:
            try:
                if source.path:
                    self._copy(digest, size, Path(source.path), proceed)
                else:
                    self._peer(source.address).fetch(digest, size, self._store, proceed)
            except (ContentUnknown, ContentDamaged, ContentRefused, ContentUnreachable, OSError, ValueError) as error:
                reasons.append(str(error))
            else:
                return
        raise ContentsMissing(digest, reasons)

    def _copy(self, digest: str, size: int, source: Path, proceed: Proceed) -> None:
        """Compared with the digest while it is read."""
        found = source.stat().st_size
        if found != size:
            raise ContentDamaged(f"{source} has {found} bytes, and not {size}")
        with self._store.receive(digest, size) as partial, open(source, "rb") as file:
            if partial is None:
                return
            file.seek(partial.offset)
            while data := file.read(COPIED_BYTES):
                proceed()
                partial.write(data)

    def _peer(self, address: str) -> ContentClient:
        """Raises ``ValueError`` for what is no address."""
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"{address!r} isn't the address of a node, HOST:PORT")
        client = ContentClient(address, self._token, self._tls, seconds=PEER_SECONDS, tries=PEER_TRIES)
        return self._peers.setdefault(address, client)
