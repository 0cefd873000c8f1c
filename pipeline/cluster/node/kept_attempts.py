"""What is kept of an attempt that has ended, for a run that comes back, or an agent that is started again."""

import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.digests import sha256_of_bytes
from pipeline.executors.reports import StageReport
from pipeline.files import try_remove_tree, write_whole
from pipeline.values import Struct, decode, encode, replace

OUTCOME = "outcome.json"
KEPT_SECONDS = 7 * 86_400  # an outcome that no run has asked for


class KeptAttempt(Struct, frozen=True, kw_only=True):
    """One attempt that has ended."""

    outcome: AttemptOutcome
    reports: tuple[StageReport, ...] = ()
    likeness: str = ""  # of its order

    def write(self, place: Path) -> None:
        """To its folder; it is on the disk afterwards. Raises ``OSError``."""
        write_whole(place / OUTCOME, encode(self))


def likeness(order: AttemptOrder, key: bytes) -> str:
    """The same for orders that differ only in their numbers. ``key``: a secret of the agent's process, so that nobody
    learns the secrets of an order from what is kept."""
    same = encode(replace(order, id=replace(order.id, number=0), fresh=False))
    return sha256_of_bytes(key + same if order.secrets else same)


def kept_in(folder: Path) -> Iterator[tuple[Path, KeptAttempt]]:
    """Those of earlier agents, with their places. What has none ended with its agent, and is removed."""
    for place in folder.iterdir():
        try:
            kept = decode((place / OUTCOME).read_bytes(), KeptAttempt)
            is_old = time.time() - (place / OUTCOME).stat().st_mtime > KEPT_SECONDS
        except (OSError, ValueError):
            is_old = True
        if is_old:
            try_remove_tree(place)
        else:
            yield place, kept
