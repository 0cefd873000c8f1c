"""Models as folders that travel."""

import os
from pathlib import Path

import pytest

from pipeline.cluster.driver import model_folders
from pipeline.cluster.driver.model_folders import ModelFolders
from pipeline.cluster.driver.order_items import OrderItems
from pipeline.digests import content_digest
from pipeline.errors import NotReady

OLD = 1_600_000_000


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """As a person's own: links to files elsewhere, and a folder."""
    real, folder = tmp_path / "real", tmp_path / "model"
    for name, text in (("config.json", "{}"), ("weights/model.bin", "bytes")):
        (real / name).parent.mkdir(parents=True, exist_ok=True)
        (real / name).write_text(text)
    folder.mkdir()
    (folder / "config.json").symlink_to(real / "config.json")
    (folder / "weights").symlink_to(real / "weights")
    return folder


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read; all count as settled."""
    found: list[str] = []

    def digest(path: Path) -> str:
        found.append(path.name)
        return content_digest(path)

    monkeypatch.setattr(model_folders, "content_digest", digest)
    monkeypatch.setattr(model_folders, "SETTLED_SECONDS", -60.0)
    return found


def test_what_links_lead_to_travels(model: Path, tmp_path: Path) -> None:
    items = OrderItems(tmp_path / "notes")
    folder = items.model(model)
    assert [(each.path, each.kind) for each in folder.entries] == [
        ("config.json", "file"),
        ("weights", "folder"),
        ("weights/model.bin", "file"),
    ]
    config = items.places[f"blake3:{folder.entries[0].content}"]
    assert config.read_text() == "{}"
    assert not config.is_symlink()


def test_a_later_run_reads_only_what_has_changed(model: Path, tmp_path: Path, reads: list[str]) -> None:
    notes = tmp_path / "notes"
    first = ModelFolders(notes).entries(model)
    assert ModelFolders(notes).entries(model) == first
    assert reads == ["config.json", "model.bin"]
    (tmp_path / "real" / "config.json").write_text("[]")
    assert ModelFolders(notes).entries(model) != first
    assert reads == ["config.json", "model.bin", "config.json"]


def test_a_change_that_keeps_size_and_time_is_seen(model: Path, tmp_path: Path, reads: list[str]) -> None:
    file = tmp_path / "real" / "config.json"
    os.utime(file, (OLD, OLD))
    first = ModelFolders(tmp_path / "notes").entries(model)
    file.write_text("[]")
    os.utime(file, (OLD, OLD))
    assert ModelFolders(tmp_path / "notes").entries(model) != first
    assert reads.count("config.json") == 2


def test_a_file_of_this_moment_is_read_again(model: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    ModelFolders(notes).entries(model)
    (file,) = notes.iterdir()
    assert file.read_bytes() == b'{"files":{}}'


def test_notes_that_are_damaged_are_made_again(model: Path, tmp_path: Path, reads: list[str]) -> None:
    notes = tmp_path / "notes"
    first = ModelFolders(notes).entries(model)
    (file,) = notes.iterdir()
    file.write_bytes(file.read_bytes()[:20])
    assert ModelFolders(notes).entries(model) == first
    assert len(reads) == 4


def test_links_in_a_circle_are_told(model: Path, tmp_path: Path) -> None:
    (tmp_path / "real" / "weights" / "again").symlink_to(tmp_path / "real" / "weights")
    with pytest.raises(NotReady, match="weights/again is a link that leads in a circle"):
        ModelFolders(tmp_path / "notes").entries(model)
