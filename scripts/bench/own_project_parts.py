"""What the parts of ``own_project.py`` share."""

from dataclasses import dataclass
from pathlib import Path

from figures import Figures


@dataclass(frozen=True)
class OwnProjectBench:
    folder: Path  # empty, and removed at the end
    peers: Path  # where other tools are installed, once
    pairs: int
    figures: Figures
