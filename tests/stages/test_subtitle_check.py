"""The check of files as a stage."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

SRT = "1\n00:00:01,000 --> 00:00:02,500\n{}\n\n"


@pytest.fixture
def checking(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("subtitle_check")


def test_a_file_is_reported_with_its_format_and_encoding(checking: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "x.srt"
    file.write_bytes(SRT.format("Привет, как дела?").encode("cp1251"))
    found = checking.check(file, "netflix", "ru", 0)
    assert (found["problem"], found["format"], found["encoding"], found["cues"]) == (None, "srt", "cp1251", 1)


@pytest.mark.parametrize("name", ["gone.srt", ""])
def test_a_file_that_can_not_be_read_is_an_entry_that_says_why(checking: ModuleType, tmp_path: Path, name: str) -> None:
    found = checking.check(tmp_path / name, "netflix", "", 0)
    assert found["problem"].startswith("it can't be read: ")


@pytest.mark.parametrize(
    ("name", "language"),
    [("movie.pl.srt", "pl"), ("movie.zh-TW.srt", "zh-TW"), ("movie.srt", ""), ("movie.2019.srt", ""), ("pl.srt", "")],
)
def test_a_file_s_name_tells_its_language(checking: ModuleType, name: str, language: str) -> None:
    assert checking.language_of(Path(name)) == language
