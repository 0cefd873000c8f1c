"""How long the logs of a job's stages are, as they grow."""

import contextlib
import os
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from pipeline.jobs.state import StageState, StageStatus

SUFFIX = ".log"


class LiveLogs:
    """A log grows while its stage runs, so only those of stages that have run since the last look are looked at."""

    def __init__(self, folder: Path, stages: Mapping[str, StageState]) -> None:
        self._folder = os.fspath(folder)
        self._stages = stages
        self._writing: set[str] | None = None  # stages whose logs may have grown; None: any
        self._sizes: dict[str, int] = {}

    def changed(self, stage: str) -> None:
        if self._writing is not None:
            self._writing.add(stage)

    def grown(self, wanted: Container[str]) -> dict[str, int]:
        """Of these stages, each log that isn't as long as it was, with its bytes. An empty one is none."""
        writing = set(self._stages) if self._writing is None else self._writing
        self._writing = {name for name in writing if self._is_running(name)}
        found = self._sizes_of(name for name in writing if name in wanted)
        grown = {name: size for name, size in found.items() if self._sizes.get(name, 0) != size}
        self._sizes |= grown
        return grown

    def _is_running(self, name: str) -> bool:
        state = self._stages.get(name)
        return state is not None and state.status is StageStatus.RUNNING

    def _sizes_of(self, stages: Iterable[str]) -> dict[str, int]:
        found = {}
        for name in stages:
            with contextlib.suppress(FileNotFoundError):
                found[name] = os.stat(f"{self._folder}/{name}{SUFFIX}").st_size  # a Path takes four times as long
        return found
