"""Letters that no font has are told before anything is drawn."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def fonts(load_module: Callable[[str], ModuleType]) -> ModuleType:
    return load_module("fonts")


def test_letters_are_what_a_font_has_to_have(fonts: ModuleType) -> None:
    assert fonts.letters_of("Aé a\u0301\u200f\n字字") == {"A": 1, "é": 1, "a": 1, "字": 2}


def require(fonts: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch, text: str, missing: str) -> None:
    file = stage.work / "zh.srt"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(fonts, "_missing", lambda stage, letters: set(missing))
    fonts.require(stage, file)


def test_letters_that_no_font_has_are_told_before_the_work(
    fonts: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(fonts.stagekit.StageFailed, match=r"(?s)letters of Chinese: 你 好\n.*fonts-noto-cjk"):
        require(fonts, stage, monkeypatch, "你你好", "你好")


def test_a_few_of_them_are_a_warning(fonts: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    require(fonts, stage, monkeypatch, "a long text " * 20 + "字", "字")
    assert stage.warnings == ["no font of this machine has 字; boxes stand for them"]


def test_what_no_font_can_be_asked_for_is_no_letter(
    fonts: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    require(fonts, stage, monkeypatch, "", "")
    assert stage.warnings == []


def test_a_probe_that_fails_says_what_ffmpeg_lacks(
    fonts: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = stage.work / "en.srt"
    file.write_text("letters", encoding="utf-8")
    for said, told in (("No such filter: 'subtitles'", "without libass"), ("No space left on device", "has room")):
        done = fonts.ffmpegs.FfmpegResult(1, [said], 0)
        monkeypatch.setattr(fonts.ffmpegs, "run", lambda *_, done=done, **__: done)
        with pytest.raises(fonts.stagekit.StageFailed, match=told):
            fonts.require(stage, file)
