"""A store, and models of a few bytes."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.config.models import ModelSource, ModelSpec
from pipeline.models.store import ModelStore

Declare = Callable[..., ModelSpec]

CONTENT: Mapping[str, bytes] = {"model.bin": b"first part, second part", "config.json": b"{}"}


def quiet(_step: str) -> None:
    """For who doesn't want to hear what is being done."""


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that has the whole model."""
    return filled(tmp_path / "copy")


def filled(folder: Path, **changes: bytes) -> Path:
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(changes.get(name.partition(".")[0], content))
    return folder


def declare(*sources: ModelSource, name: str = "tiny") -> ModelSpec:
    files = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}
    return ModelSpec(name, files, sources, ())
