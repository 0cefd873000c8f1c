"""The check of files as a stage."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SRT = "1\n00:00:01,000 --> 00:00:02,500\n{}\n\n"


@pytest.fixture
def checking(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("subtitle_check")


def test_a_file_is_reported_with_its_format_and_encoding(checking: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "x.srt"
    file.write_bytes(SRT.format("Привет, как дела?").encode("cp1251"))
    found = checking.check(file, "netflix", "ru", checking.frame_clock.clock_of_rate(0))
    assert (found["problem"], found["format"], found["encoding"], found["cues"]) == (None, "srt", "cp1251", 1)


@pytest.mark.parametrize("name", ["gone.srt", ""])
def test_a_file_that_can_not_be_read_is_an_entry_that_says_why(checking: ModuleType, tmp_path: Path, name: str) -> None:
    found = checking.check(tmp_path / name, "netflix", "", checking.frame_clock.clock_of_rate(0))
    assert found["problem"].startswith("it can't be read: ")


class CheckStage:
    def __init__(self, folder: Path, **parameters: Any) -> None:
        self.parameters = {"style": "netflix", "language": "", "languages": [], "frame_rate": 0, **parameters}
        self.checks = folder / "checks.json"

    def inputs(self, _name: str) -> list[Path]:
        return []

    def output(self, _name: str) -> Path:
        return self.checks


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("style", "nonsense", "no style 'nonsense'; there are: netflix, bbc"),
        ("language", "qqqqqqqqqq", "'qqqqqqqqqq' is no language code"),
        ("frame_rate", "fast", "'fast' is no frame rate"),
        ("frame_rate", "0.5", "a frame rate of 0.5 can't be"),
    ],
)
def test_a_parameter_that_can_not_be_is_told_as_that(
    checking: ModuleType, tmp_path: Path, name: str, value: str, why: str
) -> None:
    asked = CheckStage(tmp_path, **{name: value})
    checking.run(asked)
    assert json.loads(asked.checks.read_text())["wrong"].startswith(why)


def test_an_empty_file_is_in_no_odd_encoding(checking: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "x.srt").touch()
    assert (
        checking.check(tmp_path / "x.srt", "netflix", "", checking.frame_clock.clock_of_rate(0))["encoding"] == "utf-8"
    )
