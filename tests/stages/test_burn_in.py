from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

VIDEO = {"index": 0, "codec_type": "video", "codec_name": "h264", "width": 640, "height": 360}
AUDIO = {"index": 1, "codec_type": "audio", "codec_name": "aac"}
COVER = {"index": 2, "codec_type": "video", "codec_name": "mjpeg", "disposition": {"attached_pic": 1}}
TIMED_TEXT = {"index": 3, "codec_type": "subtitle", "codec_name": "mov_text"}
SETTINGS = {"style": "netflix", "crf": 18, "preset": "medium", "container": "auto"}


@pytest.fixture
def burn_in(load_stage: Callable[..., ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    stage = load_stage("burn_in")
    monkeypatch.setattr(stage.ffmpegs, "option", lambda name, before: name)
    return stage


def command(burn_in: ModuleType, *streams: dict[str, Any], file: str = "es.srt", **settings: Any) -> list[str]:
    picture = burn_in.streams.picture(streams)
    wish = burn_in.settings_of({**SETTINGS, **settings})
    names = Path("/in/a: b.mp4"), Path(f"/subs/it's/{file}")
    work = burn_in.BurnIn(*names, list(streams), picture, 9.0, wish, 4)
    made: list[str] = burn_in.command(work, Path("/out/es.burned.mp4"), burn_in.containers.select(streams, "mp4"))
    return made


def values(command: list[str], option: str) -> list[str]:
    return [value for name, value in pairwise(command) if name == option]


def test_the_picture_is_coded_and_all_else_is_copied_after_it(burn_in: ModuleType) -> None:
    made = command(burn_in, COVER, VIDEO, AUDIO, TIMED_TEXT)
    assert values(made, "-map") == ["0:0", "0:2", "0:1", "0:3"]
    codecs = {name: value for name, value in pairwise(made) if name.startswith("-c:")}
    assert codecs == {"-c:a": "copy", "-c:t": "copy", "-c:v:0": "libx264", "-c:v:1": "copy", "-c:s:0": "copy"}


def test_without_a_cue_the_picture_is_copied_too(burn_in: ModuleType) -> None:
    names, picture = (Path("a.mp4"), Path("es.srt")), burn_in.streams.picture([VIDEO])
    work = burn_in.BurnIn(*names, [VIDEO, AUDIO], picture, 9.0, {}, 4, has_cues=False)
    made = burn_in.command(work, Path("b.mp4"), burn_in.containers.select([VIDEO, AUDIO], "mp4"))
    assert values(made, "-c:v:0") == ["copy"]
    assert values(made, "-filter:v:0") == []


@pytest.mark.parametrize(
    ("text", "has"), [("", False), ("WEBVTT\n\n", False), ("1\n0 --> 1\n", True), ("\nDialogue: 0", True)]
)
def test_a_cue_is_seen_in_each_format(burn_in: ModuleType, text: str, has: bool) -> None:
    assert (burn_in.CUE.search(text) is not None) == has


def test_quality_is_as_it_was_asked_for(burn_in: ModuleType) -> None:
    made = command(burn_in, VIDEO, crf=23, preset="fast")
    assert (values(made, "-crf:v:0"), values(made, "-preset:v:0"), values(made, "-threads")) == (
        ["23"],
        ["fast"],
        ["4"],
    )


def test_no_name_of_a_person_stands_in_the_filter(burn_in: ModuleType) -> None:
    (drawn,) = values(command(burn_in, VIDEO), "-filter:v:0")
    assert drawn.startswith("subtitles=filename=subtitles.srt:force_style='FontName=")


def test_a_file_with_styles_of_its_own_keeps_them(burn_in: ModuleType) -> None:
    assert values(command(burn_in, VIDEO, file="es.ass"), "-filter:v:0") == ["subtitles=filename=subtitles.ass"]
    (boxed,) = values(command(burn_in, VIDEO, file="es.ass", style="bbc"), "-filter:v:0")
    assert "BorderStyle=3" in boxed


def test_a_picture_with_odd_sides_loses_a_line(burn_in: ModuleType) -> None:
    (drawn,) = values(command(burn_in, {**VIDEO, "width": 641}), "-filter:v:0")
    assert drawn.endswith(",crop=trunc(iw/2)*2:trunc(ih/2)*2")


@pytest.mark.parametrize(("transfer", "pixels"), [("bt709", "yuv420p"), ("smpte2084", "yuv420p10le")])
def test_a_high_dynamic_range_keeps_its_bits(burn_in: ModuleType, transfer: str, pixels: str) -> None:
    assert values(command(burn_in, {**VIDEO, "color_transfer": transfer}), "-pix_fmt:v:0") == [pixels]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("crf", 52, "from 0 to 51"),
        ("crf", "x", "from 0 to 51"),
        ("crf", -1, "from 0 to 51"),
        ("style", "none", "there are: netflix, bbc"),
        ("preset", "warp", "there are: ultrafast"),
        ("container", "avi", "there are: auto, mp4, mkv"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(burn_in: ModuleType, name: str, value: Any, told: str) -> None:
    with pytest.raises(burn_in.stagekit.StageFailed, match=told):
        burn_in.settings_of({**SETTINGS, name: value})


@pytest.mark.parametrize(
    ("said", "told"),
    [("No such filter: 'subtitles'", "libass"), ("Unknown encoder 'libx264'", "libx264"), ("Oops", "ffprobe FILE")],
)
def test_what_an_ffmpeg_lacks_is_named(burn_in: ModuleType, said: str, told: str) -> None:
    assert told in burn_in._advice(burn_in.ffmpegs.FfmpegResult(1, [said], 0))


def test_a_file_of_another_kind_can_not_be_drawn(burn_in: ModuleType) -> None:
    with pytest.raises(burn_in.stagekit.StageFailed, match=r"en\.sub is no subtitle file"):
        burn_in.subtitles_name(Path("en.sub"))


def test_webvtt_is_drawn_from_a_copy_of_ours(burn_in: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "en.vtt"
    file.write_text("WEBVTT\n\nSTYLE\n::cue {}\n\n00:01.000 --> 00:02.000\nHello\n")
    burn_in.copy_for_filter(file, tmp_path)
    assert (tmp_path / "subtitles.srt").read_text() == "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n"
