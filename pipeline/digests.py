"""Identities: canonical JSON, and digests that begin with their algorithm's name.

SHA-256 is for what other tools check, too: the input, model files, locks, keys. BLAKE3 is for what only this project
compares, the outputs of stages: at several GiB/s, the digest of a feature film takes no longer than a copy of it.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.values import ascii_json

if TYPE_CHECKING:
    from hashlib import sha256
else:
    # Python's own code for it, as its module ``random`` takes it: hashlib loads OpenSSL, which takes 2 ms, and is
    # worth that for files alone.
    try:
        from _sha2 import sha256  # from Python 3.12 on
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256

SMALL = 1 << 18  # bytes; to read OpenSSL's code takes longer than to digest them without
_OWN_PROCESS = os.getpid()
CONTENT_PREFIX = "blake3:"  # of the digest of a file's bytes
TREE_PREFIX = "blake3-tree:"  # of the digest of a directory with all that is in it


def canonical_json(value: Any) -> bytes:
    """One byte sequence per JSON value: sorted keys, no white space, ASCII, no NaN."""
    return ascii_json(value, sort_keys=True).encode("ascii")


def tagged_digest(tag: str, value: Any) -> str:
    """SHA-256 over a tag and a canonical value. Equal values of different kinds have different tags."""
    return "sha256:" + sha256(tag.encode("ascii") + b"\0" + canonical_json(value)).hexdigest()


def sha256_of_bytes(data: bytes) -> str:
    return "sha256:" + sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(SMALL)
        if len(data) < SMALL:
            return sha256_of_bytes(data)
        import hashlib

        file.seek(0)
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def content_digest(path: Path) -> str:
    """BLAKE3 of a file. It is memory-mapped, so no process may write to it any more."""
    from blake3 import blake3

    threads = blake3.AUTO if os.getpid() == _OWN_PROCESS else 1  # its threads don't come along into a fork, which waits
    return CONTENT_PREFIX + blake3(max_threads=threads).update_mmap(path).hexdigest()


def is_tree(digest: str) -> bool:
    """Whether it is the digest of a directory (``pipeline/directories/``)."""
    return digest.startswith(TREE_PREFIX)
