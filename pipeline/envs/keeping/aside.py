"""Builds that were moved aside, so that nobody resolves them, by a process that was killed before it removed them."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

ENDS = ".aside"  # as the platform's move_aside names them


def left(builds: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError), os.scandir(builds) as found:
        yield from sorted(Path(each.path) for each in found if each.name.startswith(".") and each.name.endswith(ENDS))
