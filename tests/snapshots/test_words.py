"""The comparison itself."""

import re
from pathlib import Path

import pytest

from tests.snapshots import words
from tests.snapshots.words import FOLDER, Words, compact, compare, general


def test_other_words_are_shown_with_the_way_to_take_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    compare("some", "one\ntwo\n", rewrite=True)
    compare("some", "one\ntwo\n", rewrite=False)
    with pytest.raises(AssertionError, match=r"(?s)-two\n\+three\n.*--rewrite"):
        compare("some", "one\nthree\n", rewrite=False)
    assert (tmp_path / "some.txt").read_text() == "one\ntwo\n"


def test_words_that_are_not_there_yet_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    with pytest.raises(AssertionError):
        compare("new", "one\n", rewrite=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/tmp/a/project/x in /tmp/a", "PROJECT/x in FOLDER"),
        ("09:16:14 asr: finished in 3.0 s", "HH:MM:SS asr: finished in N s"),
        ("job-20261122-ann-0001", "job-DATE-USER-0001"),
        ("Python 3.11.7, 677cb1e66c38b2b1.2ce03c9d", "Python VERSION, KEY"),
        ("at most 2 of 3 for 3 s, exit code 4", "at most 2 of 3 for 3 s, exit code 4"),
    ],
)
def test_what_differs_from_run_to_run_is_left_out(text: str, expected: str) -> None:
    assert general(text, {"/tmp/a": "FOLDER", "/tmp/a/project": "PROJECT"}) == expected


def test_a_table_keeps_its_cells_whatever_its_width() -> None:
    assert compact(" a      b \n ─────── \n x y    z \n\n") == " a   b\n ───\n x y   z"
    assert compact("two   words\n\n") == "two   words\n\n"


def test_every_file_is_one_that_a_test_compares() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py"))
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(re.findall(r'same_words\("([\w-]+)"', tests))


def test_scenes_stand_in_their_order() -> None:
    said = Words({"/p": "PROJECT"})
    said.add("first", "a line in /p\n", "")
    said.add("second", "another")
    assert said.text == "== first\na line in PROJECT\n\n== second\nanother\n"
