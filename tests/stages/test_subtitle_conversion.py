"""Conversion of subtitle files by the stage: what it refuses, and what it tells."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SRT = "1\n00:00:01,000 --> 00:00:03,000\n<i>It was</i> the best\n\n2\n00:00:04,000 --> 00:00:05,000\nof times\n"


class ConversionStage:
    def __init__(self, source: Path, **parameters: Any) -> None:
        self.parameters = {"format": "ttml", "language": "", "frame_rate": 0, **parameters}
        self.warned: list[str] = []
        self._source = source
        self._written: list[Path] = []

    def input(self, _name: str) -> Path:
        return self._source

    def output(self, name: str, file: str = "report.json") -> Path:
        path = self._source.parent / "outputs" / file
        path.parent.mkdir(exist_ok=True)
        return path

    def warn(self, text: str) -> None:
        self.warned.append(text)


@pytest.fixture
def conversion(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("subtitle_conversion")


def test_the_file_is_called_as_its_source_and_the_losses_are_told(conversion: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "en.forced.srt"
    source.write_text(SRT)
    stage = ConversionStage(source, format="scc")
    conversion.run(stage)
    assert (tmp_path / "outputs" / "en.forced.scc").read_text().startswith("Scenarist_SCC V1.0")
    report = json.loads((tmp_path / "outputs" / "report.json").read_text())
    assert report["cues"] == 2
    assert stage.warned == [f"scc: {note}" for note in report["notes"]]
    assert any("italics" in note for note in report["notes"])


@pytest.mark.parametrize(
    ("text", "wish", "said"),
    [
        (SRT, {"format": "microdvd"}, "frame-rate"),
        (SRT, {"format": "ttml", "frame_rate": "no rate"}, "no rate"),
        (SRT.replace("best", "最高"), {"format": "stl"}, "0:00:01.000"),
        ("nothing that could be shown", {"format": "ttml"}, "can't be read"),
    ],
)
def test_what_can_not_be_done_is_refused_with_the_file_and_a_command(
    conversion: ModuleType, tmp_path: Path, text: str, wish: dict[str, Any], said: str
) -> None:
    source = tmp_path / "en.srt"
    source.write_text(text)
    with pytest.raises(Exception, match="pipeline subtitles convert --help") as caught:
        conversion.run(ConversionStage(source, **wish))
    assert str(source) in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("en.vtt", "WEBVTT\n\n00:01.000 --> 00:04.000\nIt <00:01.500>was <00:02.200>so\n", "times of words"),
        ("en.srt", SRT.replace("00:00:03,000", "00:00:00,500"), "ended before they began"),
        (
            "en.srt",
            "1\n00:00:01,000 --> 00:00:02,000\n<font color=red>Red</font>\n",
            "1 cue lost colours and fonts (the first one at 0:00:01.000)",
        ),
        (
            "en.vtt",
            (
                "WEBVTT\n\n00:01.000 --> 00:02.000 line:0\nUp\n\n00:02.000 --> 00:03.000 position:20%\n<c.loud>It</c>"
                "\n\n00:04.000 --> 00:05.000\n<lang fr>was</lang>\n"
            ),
            "2 cues lost the exact place, classes or the language of words (the first one at 0:00:02.000)",
        ),
    ],
)
def test_what_is_wrong_with_the_source_or_lost_from_it_is_told(
    conversion: ModuleType, tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    stage = ConversionStage(tmp_path / name, format="srt")
    conversion.run(stage)
    assert any(said in note for note in stage.warned)
