"""The log of each build: NAME.log is the latest, NAME.1.log the one before, and so on."""

import contextlib
import os
from pathlib import Path

KEPT = 5  # beside the latest


def fresh(folder: Path, name: str) -> Path:
    """Where the next build writes, with the earlier logs moved on. The caller holds the environment's lock."""
    latest = folder / f"{name}.log"
    for number in range(KEPT, 0, -1):
        older = folder / f"{name}.{number}.log"
        newer = folder / f"{name}.{number - 1}.log" if number > 1 else latest
        with contextlib.suppress(FileNotFoundError):
            os.replace(newer, older)
    return latest
