"""Whether a model in the store is still what was verified."""

import os
from pathlib import Path

import pytest

from pipeline.config.models import FolderSource, ModelSpec
from pipeline.models import fetch
from pipeline.models.sources import Fetcher
from pipeline.models.store import MARKER, ModelStore
from tests.models.conftest import declare, quiet


@pytest.fixture
def spec(store: ModelStore, folder: Path) -> ModelSpec:
    """A model that is in the store."""
    spec = declare(FolderSource(folder))
    fetch.ensure(store, spec, Fetcher(Path("/nowhere/uv")), quiet)
    return spec


def test_a_model_that_was_never_fetched_is_told(store: ModelStore) -> None:
    assert store.problem("tiny", "sha256:00") is not None


def test_a_missing_file_is_named(store: ModelStore, spec: ModelSpec) -> None:
    (store.folder(spec.name, spec.digest) / "config.json").unlink()
    assert "config.json" in str(store.problem(spec.name, spec.digest))


def test_an_altered_file_is_named(store: ModelStore, spec: ModelSpec) -> None:
    file = store.folder(spec.name, spec.digest) / "model.bin"
    file.write_bytes(b"x" * file.stat().st_size)
    assert "model.bin" in str(store.problem(spec.name, spec.digest))


def test_a_touched_file_is_named(store: ModelStore, spec: ModelSpec) -> None:
    os.utime(store.folder(spec.name, spec.digest) / "model.bin")
    assert "model.bin" in str(store.problem(spec.name, spec.digest))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"null", b"[]", b"{}", b'{"files": {}, "digest": ""}'])
def test_a_record_that_we_did_not_write_is_a_reason(store: ModelStore, spec: ModelSpec, content: bytes) -> None:
    (store.folder(spec.name, spec.digest) / MARKER).write_bytes(content)
    assert store.problem(spec.name, spec.digest) is not None


def test_another_model_in_its_place_is_told(store: ModelStore, spec: ModelSpec) -> None:
    marker = store.folder(spec.name, spec.digest) / MARKER
    marker.write_text(marker.read_text().replace(spec.digest, "sha256:" + "0" * 64))
    assert store.problem(spec.name, spec.digest) is not None


def test_a_file_where_the_folder_should_be_is_a_reason(store: ModelStore) -> None:
    store.root.mkdir(parents=True)
    store.folder("tiny", "sha256:00").touch()
    assert store.problem("tiny", "sha256:00") is not None


def test_a_model_is_identified_by_its_files_and_not_by_their_order() -> None:
    def identity(**files: str) -> str:
        return ModelSpec("tiny", files, (), ()).digest

    assert identity(a="1", b="2") == identity(b="2", a="1")
    assert len({identity(a="1"), identity(a="2"), identity(b="1")}) == 3
