"""The GPUs that an order names, leased on this machine among all who use its cards."""

import contextlib
import threading
from collections.abc import Iterator, Mapping

from pipeline.cluster.node.node_attempt import NodeAttempt
from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.errors import NotReady
from pipeline.host import gpus
from pipeline.host.gpu_leases import FileLease, LeaseFolder, shared_folder
from pipeline.host.gpus import Gpu

PAUSE = 0.2  # seconds between two looks at whether they have become free


class NodeCards:
    """Threads may share it."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """``variables``: of the agent's process, which say which cards it may use."""
        self._variables = variables
        self._lock = threading.Lock()
        self._found: dict[str, Gpu] | None = None

    @contextlib.contextmanager
    def leased(self, order: AttemptOrder, attempt: NodeAttempt) -> Iterator[Mapping[str, str]]:
        """Meanwhile the cards are the attempt's; yields the variables by which its stage sees them alone.

        Waits for those that others have. Raises ``NotReady`` where this machine has no such cards, and
        ``AttemptStopped``.
        """
        if not order.cards:
            yield {}
            return
        lease = self._lease([self._card(each) for each in order.cards], order.gpu_memory, attempt)
        try:
            yield lease.variables
        finally:
            lease.release()

    def all(self) -> tuple[str, ...]:
        """Their identities. Raises ``NotReady`` where nvidia-smi is there and doesn't work."""
        return tuple(self._known())

    def _lease(self, cards: list[Gpu], memory: int | None, attempt: NodeAttempt) -> FileLease:
        folder = LeaseFolder(shared_folder(self._variables))
        while (lease := folder.lease(cards, len(cards), memory)) is None:
            attempt.show(f"waiting for {', '.join(each.uuid for each in cards)}, which another run has")
            attempt.pause(PAUSE)
        return lease

    def _card(self, identity: str) -> Gpu:
        known = self._known()
        if identity not in known:
            raise NotReady(f"this node has no card {identity}; it has {', '.join(known) or 'none'}")
        return known[identity]

    def _known(self) -> dict[str, Gpu]:
        with self._lock:  # nvidia-smi takes seconds
            if self._found is None:
                self._found = {card.uuid: card for card in gpus.detect(self._variables)}
            return self._found
