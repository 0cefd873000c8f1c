"""The files of an attempt on a node: beside its folder, which is made only where something is to be in it.

On some file systems a folder takes longer to make and to remove than all else that is done for a short stage.
"""

import contextlib
import os
from collections.abc import Collection
from pathlib import Path

from pipeline.files import clear as clear_path
from pipeline.files import try_remove_tree


def invocation_of(place: Path) -> Path:
    """What its stage reads of it."""
    return place.with_name(f"{place.name}.json")


def log_of(place: Path) -> Path:
    return place.with_name(f"{place.name}.log")


def clear_parts(place: Path) -> None:
    """Remove what is of no use after an attempt's end."""
    with contextlib.suppress(OSError):
        invocation_of(place).unlink()
    if os.path.lexists(place):
        try_remove_tree(place)


def clear(place: Path) -> None:
    """Remove all of an attempt."""
    clear_parts(place)
    with contextlib.suppress(OSError):
        log_of(place).unlink()


def clear_others(folder: Path, kept: Collection[str]) -> None:
    """Remove what is of none of these attempts, by the names of their folders; and of these, all but their logs."""
    logs = {log_of(folder / name).name for name in kept}
    for entry in list(os.scandir(folder)):
        if entry.name not in logs:
            with contextlib.suppress(OSError):
                clear_path(Path(entry.path))
