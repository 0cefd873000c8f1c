"""The file in which a cluster's nodes leave what they have said, for the user of the run alone."""

import os
from pathlib import Path
from typing import BinaryIO


def open_log(path: Path) -> BinaryIO:
    """For writing at its end. Raises ``OSError``."""
    return open(path, "ab", opener=_private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
