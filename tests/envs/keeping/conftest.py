"""Builds as the builder leaves them, without building any."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.envs.definition import Build
from pipeline.envs.keeping.survey import Found, survey
from pipeline.envs.registry import MARKER, Registry

Make = Callable[..., Build]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "venv")
    registry.builds.mkdir(parents=True)
    return registry


@pytest.fixture
def make(registry: Registry) -> Make:
    """A finished build of so many bytes; ``live`` lets its name stand for it."""

    def make(name: str, number: int = 0, live: bool = True, size: int = 4096, age: float = 0) -> Build:
        prefix = registry.builds / f"{name}-{number:016x}.{number:08x}"
        prefix.mkdir()
        (prefix / "package").write_bytes(b"x" * size)
        key = f"sha256:{number:064x}"
        (prefix / MARKER).write_text(json.dumps({"name": name, "key": key}))
        if age:
            then = os.stat(prefix / MARKER).st_mtime - age
            os.utime(prefix / MARKER, (then, then))
        if live:
            registry.point(name, prefix)
        return Build(name, prefix, key, {})

    return make


def found(registry: Registry) -> dict[str, Found]:
    return {each.folder.name: each for each in survey(registry)}


def states(registry: Registry) -> dict[str, str]:
    return {each.folder.name: each.state.value for each in survey(registry)}
