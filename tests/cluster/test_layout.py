import os
from pathlib import Path

import pytest

from pipeline.cluster.content.store import ContentStore, opened
from pipeline.cluster.node.layout import lay_out, signatures
from pipeline.cluster.node.output_intake import take
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedFolder
from pipeline.directories.manifest import TreeEntry
from pipeline.jobs.output_files import OutputsMissing


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    with opened(tmp_path / "store", 1 << 20, headroom=0) as store:
        return store


def left(tmp_path: Path) -> Path:
    top = tmp_path / "outputs" / "files"
    (top / "sub").mkdir(parents=True)
    (top / "sub" / "a").write_text("a")
    (top / "run.sh").write_text("#!")
    (top / "run.sh").chmod(0o755)
    (top / "link").symlink_to("sub/a")
    return tmp_path / "outputs"


def test_what_was_left_can_be_laid_out_again(store: ContentStore, tmp_path: Path) -> None:
    item = take(left(tmp_path), {"files": "files/"}, [], store)["files"]
    top = lay_out(item, tmp_path / "inputs", store)
    assert (top / "link").read_text() == "a"
    assert os.access(top / "run.sh", os.X_OK)
    assert not (top / "sub" / "a").stat().st_mode & 0o111


def test_a_program_makes_no_program_of_a_file_with_the_same_bytes(store: ContentStore, tmp_path: Path) -> None:
    item = take(left(tmp_path), {"files": "files/"}, [], store)["files"]
    assert isinstance(item, OrderedFolder)
    (program,) = (each for each in item.entries if each.kind == "program")
    lay_out(item, tmp_path / "first", store)
    plain = lay_out(OrderedFile("a", f"blake3:{program.content}", program.size), tmp_path / "second", store)
    assert not plain.stat().st_mode & 0o111


@pytest.mark.parametrize(
    "entries",
    [
        (TreeEntry("link", "link", 0, "../outside"),),
        (TreeEntry("link", "link", 0, "/etc"),),
        (
            TreeEntry("d", "folder"),
            TreeEntry("d/first", "link", 0, ".."),
            TreeEntry("d/second", "link", 0, "first/../.."),
        ),
        (TreeEntry("d", "folder"), TreeEntry("d/first", "link", 0, ".."), TreeEntry("up", "link", 0, "d/first/..")),
    ],
)
def test_links_that_lead_out_of_a_folder_are_refused(
    store: ContentStore, tmp_path: Path, entries: tuple[TreeEntry, ...]
) -> None:
    with pytest.raises(ValueError, match="leads out"):
        lay_out(OrderedFolder("files", entries), tmp_path / "inputs", store)
    assert not (tmp_path / "inputs" / "files").exists()


def test_writing_to_an_input_shows(store: ContentStore, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    content = store.put(tmp_path / "a")
    path = lay_out(OrderedFile("a", content.digest, content.size), tmp_path / "inputs", store)
    before = signatures([path])
    path.chmod(0o644)
    path.write_text("b")
    assert signatures([path]) != before
    assert store.find(content.digest) is None


def test_an_output_that_is_not_there_is_told(store: ContentStore, tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    with pytest.raises(OutputsMissing):
        take(tmp_path / "outputs", {"file": "out.txt"}, [], store)
