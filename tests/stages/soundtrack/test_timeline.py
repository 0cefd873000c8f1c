from typing import Any

import pytest
from soundtrack import timeline

STREAMS = [
    {"index": 0, "codec_type": "video"},
    {"index": 1, "codec_type": "audio"},
    {"index": 2, "codec_type": "audio"},
    {"index": 3, "codec_type": "subtitle"},
    {"index": 4, "codec_type": "video", "disposition": {"attached_pic": 1}},
]


def probed(format_name: str) -> dict[str, Any]:
    return {"format": {"format_name": format_name}, "streams": STREAMS}


@pytest.mark.parametrize("name", ["mpegts", "mpeg", "ogg"])
def test_where_times_may_jump_all_sound_and_pictures_are_read_as_players_do(name: str) -> None:
    assert timeline.has_jumps(probed(name))
    assert timeline.companions(probed(name), 2) == [0, 1]


@pytest.mark.parametrize("name", ["matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", ""])
def test_elsewhere_a_track_is_read_alone(name: str) -> None:
    assert not timeline.has_jumps(probed(name))
    assert timeline.companions(probed(name), 2) == []
