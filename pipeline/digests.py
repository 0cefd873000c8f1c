"""Identities: canonical JSON, and digests that name their algorithm.

SHA-256 identifies what other tools can check too (the input, model files, locks, keys). BLAKE3
identifies what only we compare, the outputs of stages: at several GiB/s it keeps a feature film's
digest from costing more than a copy of the film.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def canonical_json(value: Any) -> bytes:
    """One byte sequence per JSON value: sorted keys, no white space, ASCII, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def tagged_digest(tag: str, value: Any) -> str:
    """SHA-256 over a tag and a canonical value. The tag keeps equal values of different kinds apart."""
    return "sha256:" + sha256(tag.encode("ascii") + b"\0" + canonical_json(value)).hexdigest()


def sha256_of_bytes(data: bytes) -> str:
    return "sha256:" + sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def content_digest(path: Path) -> str:
    """BLAKE3 of a file that nobody is writing any more (it is memory-mapped)."""
    from blake3 import blake3

    return "blake3:" + blake3(max_threads=blake3.AUTO).update_mmap(path).hexdigest()
