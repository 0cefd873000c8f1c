"""The folder of verified models, and whether each is still whole. The check is cheap enough for every run.

It compares each file's size and time with those from when its SHA-256 was verified; of a file in a person's own folder
the change time, too.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import NotReady
from pipeline.files import read_json
from pipeline.permissions import share_folder

if TYPE_CHECKING:
    from pipeline.config.models import ModelSpec

MARKER = ".pipeline-ready.json"
LOCAL = ".local"  # ends the name of a model in a person's own folder, which config/models.yaml doesn't define


def is_local(name: str) -> bool:
    """Whether the model lies in a person's own folder."""
    return name.endswith(LOCAL)


class ModelStore:
    """``models`` is the project's folder of models."""

    def __init__(self, models: Path) -> None:
        self.root = models / ".store"

    def make_root(self) -> None:
        """Make the folder of all models, for everybody who may see the project's."""
        for folder in (self.root.parent, self.root):
            if not folder.exists():
                try:
                    folder.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    step = f"get the permission to write there; this shows who has it\nls -ld {folder.parent}"
                    raise NotReady(f"{folder}, for models, can't be made: {error.strerror}", step) from error
                share_folder(folder)

    def folder(self, name: str, digest: str) -> Path:
        """Where a model stands, whether it is there or not."""
        return self.root / f"{name}-{digest.removeprefix('sha256:')[:16]}"

    def problem_of(self, spec: "ModelSpec") -> str | None:
        """As ``problem``, also for a model whose files aren't known yet."""
        if spec.lock_problem:
            return spec.lock_problem
        return self.problem(spec.name, spec.digest) if spec.is_locked else "it was never fetched"

    def problem(self, name: str, digest: str) -> str | None:
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
        changed = [file for file, expected in record["files"].items() if not _is_same(f"{folder}/{file}", expected)]
        return f"its file {changed[0]} is missing or has changed" if changed else None

    def origin(self, name: str, digest: str) -> str:
        """The person's own folder in which a model lies; its name where that isn't known."""
        try:
            record: Any = read_json(self.folder(name, digest) / MARKER)
            return str(record["folder"])
        except (OSError, ValueError, LookupError, TypeError):
            return name

    def whole_files(self, name: str, digest: str) -> Iterator[str]:
        """Those that are as they were when they were verified."""
        folder = self.folder(name, digest)
        try:
            record: Any = read_json(folder / MARKER)
        except (OSError, ValueError):
            return
        if isinstance(record, dict) and record.get("digest") == digest and isinstance(record.get("files"), dict):
            yield from (file for file, expected in record["files"].items() if _is_same(f"{folder}/{file}", expected))


def signature(path: str | Path) -> list[int] | None:
    """Size in bytes, time in ns and change time in ns; ``None`` where the file can't be read."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _is_same(path: str, expected: list[int]) -> bool:
    """A model that was fetched has no change time: a copy of the store has another one."""
    found = signature(path)
    return found is not None and found[: len(expected)] == expected
