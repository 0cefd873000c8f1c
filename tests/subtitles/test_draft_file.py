"""A draft's file: what is said to be saved is there, whoever is killed, and whoever else writes."""

import threading
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.subtitles import operations as ops
from pipeline.subtitles.draft import DraftBegun, next_line
from pipeline.subtitles.draft_file import DraftFile, path_of
from tests.subtitles.helpers import AT, CUES


def begin(path: Path) -> DraftFile:
    file = DraftFile(path)
    with file.writing() as append:
        append([DraftBegun(revision=1, at=AT, who="ann", schema=1, base="sha256:0", cues=CUES)])
    return file


def change(file: DraftFile, id: str, text: str) -> None:
    with file.writing() as append:
        draft = file.read()
        line = next_line(draft, ops.TextOperation(id, text), draft.revision, "ann", AT)
        append([line] if line else [])


def test_another_process_reads_what_was_written(tmp_path: Path) -> None:
    path = path_of(tmp_path / "edits", "en.forced")
    change(begin(path), "1", "Changed.\nIn two lines")
    assert DraftFile(path).read().cues["1"].text == "Changed.\nIn two lines"
    assert path.name == "draft.en.forced.jsonl"


def test_a_line_that_a_killed_server_has_begun_is_left_out_and_written_over(tmp_path: Path) -> None:
    file = begin(tmp_path / "draft.en.jsonl")
    change(file, "1", "One")
    with file.path.open("ab") as out:
        out.write(b'{"line":"change","revis')
    later = DraftFile(file.path)
    assert later.read().revision == 2
    change(later, "1", "Two")
    assert DraftFile(file.path).read().cues["1"].text == "Two"


def test_two_files_that_are_open_see_each_other_s_lines(tmp_path: Path) -> None:
    first = begin(tmp_path / "draft.en.jsonl")
    second = DraftFile(first.path)
    threads = [threading.Thread(target=change, args=(file, id, id)) for id in "123" for file in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert first.read() == second.read()
    assert {id: cue.text for id, cue in first.read().cues.items()} == {id: id for id in "123"}


def test_a_file_that_is_no_draft_is_named(tmp_path: Path) -> None:
    (tmp_path / "draft.en.jsonl").write_text("nonsense\n")
    with pytest.raises(UsageError, match=r"draft\.en\.jsonl"):
        DraftFile(tmp_path / "draft.en.jsonl").read()
