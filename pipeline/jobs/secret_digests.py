"""Digests of what must not be read back from a key: a token has few enough forms to be guessed by its plain digest."""

import contextlib
import os
from pathlib import Path

from pipeline.files import write_new

NAME = ".salt"  # in the folder of all jobs, which is always writable and for the same people as the jobs
BYTES = 32


def salted_digest(jobs: Path, text: str) -> str:
    """The same for the same text in all jobs of a project. Raises ``OSError``."""
    import hashlib

    data = text.encode("utf-8", "surrogateescape")
    return "blake2b:" + hashlib.blake2b(data, digest_size=32, key=_salt(jobs)).hexdigest()


def _salt(jobs: Path) -> bytes:
    file = jobs / NAME
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes()
    jobs.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        write_new(file, os.urandom(BYTES))
    return file.read_bytes()
