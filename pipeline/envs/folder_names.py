"""How a build's folder is called: after its key, of which the name has a part, for persons. Decisions take the whole
key, which the marker has.

Builds of earlier versions have the name of their environment before the key. They count like all others.
"""

import os
import re

from pipeline.values import Struct

DIGITS = 16  # of the key, in names of files
PATTERN = r"(?:(?P<environment>[a-z][a-z0-9_-]*)-)?(?P<key>[0-9a-f]{16})\.[0-9a-f]{8}"


class FolderName(Struct, frozen=True):
    short_key: str  # the key's first digits
    environment: str | None  # in the names that earlier versions gave


def short(key: str) -> str:
    """The beginning of a key (sha256: and 64 hexadecimal digits), as names of files have it."""
    return key.removeprefix("sha256:")[:DIGITS]


def new_name(key: str) -> str:
    """A name that no build has had: older builds of the key stay for the jobs that use them."""
    return f"{short(key)}.{os.urandom(4).hex()}"


def parsed(folder: str) -> FolderName | None:
    """``None`` where a folder isn't named like a build: it isn't ours then."""
    match = re.fullmatch(PATTERN, folder)
    return FolderName(match["key"], match["environment"]) if match else None
