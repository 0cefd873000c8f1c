"""The name that nodes know a job's runs by: it stays when a run dies and comes back, and no other job ever has it."""

import os
from pathlib import Path

from pipeline.files import write_whole

FILE = "cluster-run"


def run_name(folder: Path) -> str:
    """Kept in the job's folder, whose lock the caller holds. Raises ``OSError``."""
    file = folder / FILE
    try:
        name = file.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        name = ""
    if not name:
        name = os.urandom(16).hex()
        write_whole(file, f"{name}\n".encode())
    return name
