"""Which contents leave a store that needs room: the least recently used, and none that is in use. Pure."""

from collections.abc import Collection, Iterable

from pipeline.values import Struct

COMPARED_SECONDS = 86_400.0  # after which a content is read again before a stage gets it


class StoredContent(Struct, frozen=True):
    """A content in the store."""

    digest: str
    size: int  # bytes
    used: float  # the last use, in seconds since 1970
    mtime_ns: int = 0  # of its file: who writes to it changes that
    noted: float = 0.0  # the last use as the disk has it
    compared: float | None = None  # when its bytes were, with the digest, by this process's ``time.monotonic``

    def is_compared(self, now: float) -> bool:
        """Not so long ago that the disk may have damaged it since."""
        return self.compared is not None and now - self.compared < COMPARED_SECONDS


def choose(contents: Iterable[StoredContent], needed: int, held: Collection[str]) -> list[StoredContent] | None:
    """What to remove so that ``needed`` bytes get free; ``None`` where all that may go isn't enough."""
    chosen: list[StoredContent] = []
    for each in sorted(contents, key=lambda content: (content.used, content.digest)):
        if needed <= 0:
            break
        if each.digest not in held:
            chosen.append(each)
            needed -= each.size
    return chosen if needed <= 0 else None
