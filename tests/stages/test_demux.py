from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def demux(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("demux", "ffmpeg")


@pytest.mark.parametrize(
    ("stream", "seconds"),
    [
        ({"duration": "44.117"}, 44.117),
        ({"tags": {"DURATION": "01:00:44.032000000"}}, 3644.032),
        ({"tags": {"DURATION": "unknown"}}, None),
        ({}, None),
    ],
)
def test_a_stream_states_its_duration_or_none(demux: ModuleType, stream: dict[str, Any], seconds: float | None) -> None:
    assert demux._stream_seconds(stream) == seconds


def test_audio_that_ends_early_is_told(demux: ModuleType, stage: Any) -> None:
    demux._warn_if_cut_off(stage, heard=20.0, stated=44.0)
    assert "24.0 s are missing" in stage.warnings[0]


@pytest.mark.parametrize(("heard", "stated"), [(43.5, 44.0), (3580.0, 3600.0), (44.0, 0)])
def test_a_small_difference_is_not_told(demux: ModuleType, stage: Any, heard: float, stated: float) -> None:
    demux._warn_if_cut_off(stage, heard, stated)
    assert not stage.warnings


def test_the_length_of_a_wav_is_told_by_its_size(demux: ModuleType, tmp_path: Path) -> None:
    audio = tmp_path / "audio.wav"
    assert demux._seconds(audio) == 0
    audio.write_bytes(bytes(44 + 32_000))
    assert demux._seconds(audio) == 1
