"""The name of a content is its digest, as the rest of the project writes it. Pure."""

import hashlib
import re
from functools import lru_cache
from typing import Protocol

from blake3 import blake3

_FORM = re.compile(r"(blake3|sha256):([0-9a-f]{64})")


class Hasher(Protocol):
    def update(self, data: bytes, /) -> object:
        """Take more bytes."""

    def hexdigest(self) -> str:
        """Of all bytes so far."""


@lru_cache(maxsize=4096)
def parts_of(digest: str) -> tuple[str, str]:
    """Algorithm and hexadecimal digits. Raises ``ValueError`` for what is no digest of a file."""
    match = _FORM.fullmatch(digest)
    if match is None:
        raise ValueError(f"{digest!r} isn't the digest of a file")
    return match[1], match[2]


def hasher(digest: str) -> Hasher:
    """What makes digests of the same kind. Raises ``ValueError``."""
    algorithm, _ = parts_of(digest)
    return hashlib.sha256() if algorithm == "sha256" else blake3()


def digest_by(hasher: Hasher, digest: str) -> str:
    """The digest of what the hasher has got, in the form of ``digest``."""
    return f"{parts_of(digest)[0]}:{hasher.hexdigest()}"
