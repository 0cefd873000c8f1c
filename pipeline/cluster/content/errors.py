"""Why a content can't be had or kept."""

import errno

from pipeline.errors import NotReady


class ContentDamaged(NotReady):
    """The bytes aren't those of the digest."""


class ContentRefused(NotReady):
    """The other side doesn't know the token, or doesn't take this."""


class ContentUnknown(NotReady):
    """The other side doesn't have it as a whole; ``received``: how many bytes have come there."""

    def __init__(self, message: str, received: int = 0) -> None:
        super().__init__(message)
        self.received = received


class ContentUnreachable(NotReady):
    """The other side doesn't answer, or its answers always break off."""


class NoRoom(NotReady):
    """The store can't have as much, with all that is in use."""


def is_full(error: OSError) -> bool:
    """Whether a disk, or a user's share of it, is full."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}
