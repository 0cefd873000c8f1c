from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

VIDEO = {"index": 0, "codec_type": "video", "codec_name": "hevc", "width": 1920, "height": 1080}
ENGLISH = {"index": 1, "codec_type": "audio", "codec_name": "dts", "tags": {"language": "eng"}}
GERMAN = {"index": 2, "codec_type": "audio", "codec_name": "dts", "tags": {"language": "ger"}}
COVER = {"index": 3, "codec_type": "video", "codec_name": "mjpeg", "disposition": {"attached_pic": 1}}


@pytest.fixture
def film_proxy(load_stage: Callable[..., ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    stage = load_stage("film_proxy")
    monkeypatch.setattr(stage.ffmpegs, "option", lambda name, before: name)
    return stage


@pytest.mark.parametrize(
    ("streams", "wish", "places"),
    [
        ([VIDEO, ENGLISH, GERMAN], "", [0, 1]),
        ([VIDEO, ENGLISH, GERMAN], "de", [0, 2]),
        ([VIDEO, ENGLISH, GERMAN], "2", [0, 2]),
        ([COVER, GERMAN], "", [2]),
        ([VIDEO], "de", [0]),
        ([COVER], "", []),
    ],
)
def test_the_picture_and_the_track_that_was_recognised_are_copied(
    film_proxy: ModuleType, streams: list[dict[str, Any]], wish: str, places: list[int]
) -> None:
    assert film_proxy.chosen(streams, wish) == places


def test_every_browser_plays_it_and_can_begin_anywhere(film_proxy: ModuleType) -> None:
    made = film_proxy.arguments(Path("/in/a: b.mkv"), [0, 2], 480, Path("/out/proxy.mp4"))
    values = dict(pairwise(made))
    assert (values["-c:v"], values["-pix_fmt"], values["-c:a"]) == ("libx264", "yuv420p", "aac")
    assert values["-i"] == "file:/in/a: b.mkv"
    assert [value for name, value in pairwise(made) if name == "-map"] == ["0:0", "0:2"]
    assert values["-movflags"] == "+faststart"
    assert "-force_key_frames" in made
