"""Scripts of a damaged build, for the one that is made beside it: they have the new folder's path then."""

import os
import re
from pathlib import Path

from pipeline.envs import script_headers
from pipeline.envs.platform.layout import scripts_folder
from pipeline.envs.repair.paths import Unsalvageable
from pipeline.values import replace

PLAIN = re.compile(rb"[\w./+@%:,=-]+")  # a path that is written alike in every language, with quotes or without


def rewritten(script: Path, old: str, new: str) -> bytes | None:
    """The script for the prefix ``new``; ``None`` where it doesn't name its prefix ``old``.

    Raises ``Unsalvageable`` for a program that isn't text, and where the new path can't simply stand for the old one.
    """
    data, before, after = script.read_bytes(), os.fsencode(old), os.fsencode(new)
    if before not in data and script_headers.read(data, _folder(old)) is None:
        return None
    if b"\0" in data:
        raise Unsalvageable(f"{script.name} is a program that holds the path of its environment")
    header = script_headers.read(data, _folder(old))
    rest = header.rest if header else data
    if before in rest and not PLAIN.fullmatch(after):
        raise Unsalvageable(f"{script.name} holds the path of its environment, and the new one has special characters")
    rest = rest.replace(before, after)
    return script_headers.written(replace(header, rest=rest), _folder(new)) if header else rest


def _folder(prefix: str) -> bytes:
    return bytes(scripts_folder(Path(prefix)))
