"""Where complete and verified models stand, and whether they still do. Cheap enough for every run.

Sizes and times are compared with what was recorded when every file's SHA-256 had been.
"""

import os
from pathlib import Path

from pipeline.files import read_json

MARKER = ".pipeline-ready.json"
LOCAL = ".local"  # ends the name of a model in somebody's folder, so that nobody looks for it in config/models.yaml


def is_local(name: str) -> bool:
    return name.endswith(LOCAL)


class Shelf:
    def __init__(self, root: Path) -> None:
        self.root = root / ".store"

    def folder(self, name: str, digest: str) -> Path:
        return self.root / f"{name}-{digest.removeprefix('sha256:')[:16]}"

    def damage(self, name: str, digest: str) -> str | None:
        """Why a model can't be used as it is; ``None`` where nothing is wrong."""
        folder = self.folder(name, digest)
        try:
            record = read_json(folder / MARKER)
        except FileNotFoundError:
            return "it hasn't been fetched"
        except (OSError, ValueError):
            return "its record can't be read"
        if not isinstance(record, dict) or not isinstance(record.get("files"), dict) or not record["files"]:
            return "its record is incomplete"
        if record.get("digest") != digest:
            return "another model stands in its place"
        changed = [file for file, expected in record["files"].items() if signature(folder / file) != expected]
        return f"its file {changed[0]} is missing or has changed" if changed else None


def signature(path: Path) -> list[int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]
