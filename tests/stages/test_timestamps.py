from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

STREAMS = [
    {"index": 0, "codec_type": "video"},
    {"index": 1, "codec_type": "audio"},
    {"index": 2, "codec_type": "audio"},
    {"index": 3, "codec_type": "subtitle"},
    {"index": 4, "codec_type": "video", "disposition": {"attached_pic": 1}},
]


@pytest.fixture
def timestamps(load_module: Callable[[str], ModuleType]) -> ModuleType:
    return load_module("timestamps")


def probed(format_name: str) -> dict[str, Any]:
    return {"format": {"format_name": format_name}, "streams": STREAMS}


@pytest.mark.parametrize("name", ["mpegts", "mpeg", "ogg"])
def test_where_times_may_jump_all_sound_and_pictures_are_read_as_players_do(timestamps: ModuleType, name: str) -> None:
    assert timestamps.has_jumps(probed(name))
    assert timestamps.companions(probed(name), 2) == [0, 1]


@pytest.mark.parametrize("name", ["matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", ""])
def test_elsewhere_a_track_is_read_alone(timestamps: ModuleType, name: str) -> None:
    assert not timestamps.has_jumps(probed(name))
    assert timestamps.companions(probed(name), 2) == []


@pytest.mark.parametrize(
    ("video", "audio", "threshold"),
    [
        ([], [], None),
        ([5.0], [5.0], None),  # neither ffmpeg nor players take it for a jump
        ([40_000.0], [40_001.0], None),  # ffmpeg's own value finds it
        ([-40_000.0], [-40_001.0], None),
        ([-8.0], [-7.0], 3.5),  # two short recordings with the same times
        ([-8.0, -20.0], [-8.0, -20.0], 4.0),
        ([-8.0], [-8.0, 7.0], None),  # a hole that would be taken for a jump
        ([], [15.0], 30.0),  # a hole in the sound
        ([], [4.0], None),
        ([15.0], [15.5], None),
    ],
)
def test_a_jump_is_told_from_a_hole_by_the_pictures(
    timestamps: ModuleType, video: list[float], audio: list[float], threshold: float | None
) -> None:
    assert timestamps.threshold({"video": video, "audio": audio}) == threshold


def test_without_pictures_each_long_step_is_a_jump(timestamps: ModuleType) -> None:
    assert timestamps.threshold({"audio": [15.0]}) is None
    assert timestamps.threshold({"audio": [-8.0]}) == 4.0


@pytest.mark.parametrize(
    ("steps", "doubtful"),
    [
        ({"audio": [15.0, 4.0, -8.0]}, [15.0]),
        ({"audio": [4.0]}, []),
        ({"video": [], "audio": [15.0]}, []),  # the pictures go on, so it is a hole
        ({"video": [15.0], "audio": [15.0]}, []),
    ],
)
def test_a_step_of_sound_alone_may_be_a_hole(
    timestamps: ModuleType, steps: dict[str, list[float]], doubtful: list[float]
) -> None:
    assert timestamps.of_steps(steps).doubtful == doubtful


def test_steps_are_those_of_each_stream_and_decoding_times_go_before_others(timestamps: ModuleType) -> None:
    lines = [
        b"0,1.0,0.9",
        b"1,1.0,1.0",
        b"0,9.5,1.4,more",
        b"",
        b"1,N/A,N/A",
        b"2,99.0,99.0",
        b"1,16.0,N/A",
        b"0,0.2,0.1",
    ]
    steps = timestamps.steps_of(lines, {0: "video", 1: "audio"})
    assert {kind: [round(step, 3) for step in each] for kind, each in steps.items()} == {
        "video": [-1.3],
        "audio": [15.0],
    }


def test_a_file_whose_times_can_not_jump_is_not_read(timestamps: ModuleType, tmp_path: Any) -> None:
    assert timestamps.jump_options(tmp_path / "none.mkv", probed("matroska,webm")) == []
