"""The leases of one run."""

import os
from pathlib import Path
from typing import Self

from pipeline.envs.build import Build
from pipeline.envs.leases import acquire


class Leases:
    """Each build is held once, whatever takes its place meanwhile, until the run ends: its stages may still use it."""

    def __init__(self) -> None:
        self._held: dict[Path, int] = {}

    def on(self, build: Build) -> int:
        """The descriptor of the lease on a build. Raises ``NotReady`` where it is gone."""
        if build.prefix not in self._held:
            self._held[build.prefix] = acquire(build)
        return self._held[build.prefix]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._held:
            os.close(self._held.popitem()[1])
