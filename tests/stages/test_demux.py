import errno
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def demux(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("demux", "ffmpeg")


MATROSKA = {"format_name": "matroska,webm", "start_time": "50.0", "duration": "64.0"}


@pytest.mark.parametrize(
    ("stream", "container", "seconds"),
    [
        ({"duration": "44.117"}, {"duration": "50"}, 44.117),
        ({"tags": {"DURATION": "01:00:44.032000000"}}, {}, 3644.032),
        ({"tags": {"DURATION": "unknown"}}, {}, 0),
        ({}, {"duration": "50"}, 50),
        ({}, {}, 0),
        ({"tags": {"DURATION": "00:01:03.500000000"}}, MATROSKA, 13.5),
        ({}, MATROSKA, 14),
        ({"duration": "44.117"}, {"start_time": "50.0"}, 44.117),
    ],
)
def test_a_stream_or_its_container_states_a_length_or_none(
    demux: ModuleType, stream: dict[str, Any], container: dict[str, Any], seconds: float
) -> None:
    assert demux._stated_seconds(stream, container) == seconds


def test_audio_that_ends_early_is_told(demux: ModuleType, stage: Any) -> None:
    demux._warn_if_cut_off(stage, seconds=20.0, stated=44.0)
    assert "24.0 s are missing" in stage.warnings[0]


@pytest.mark.parametrize(("heard", "stated"), [(43.5, 44.0), (3580.0, 3600.0), (44.0, 0)])
def test_a_small_difference_is_not_told(demux: ModuleType, stage: Any, heard: float, stated: float) -> None:
    demux._warn_if_cut_off(stage, heard, stated)
    assert not stage.warnings


def holed(demux: ModuleType, heard: float, samples: int, **stated: Any) -> Any:
    stream = {"index": 1, "codec_type": "audio", "codec_name": "aac", "sample_rate": "24000", **stated}
    (track,) = demux.streams.of_kind([stream], "audio")
    return demux.extraction.ExtractedAudio(
        track, summary(demux, heard), demux.ffmpegs.FfmpegResult(0, [], 0, samples), 12.0
    )


def summary(demux: ModuleType, seconds: float, loudest: float = -10.0) -> Any:
    return demux.extraction.SoundSummary(round(seconds * 16_000), loudest)


def test_what_is_not_in_the_file_is_told(demux: ModuleType, stage: Any) -> None:
    demux._warn_of_holes(stage, holed(demux, 12.0, 5 * 24_000), 0.0)
    assert stage.warnings[0].startswith("7.0 s of 12.0 s of audio track 1 aren't in the file")


def test_audio_that_begins_late_has_no_hole(demux: ModuleType, stage: Any) -> None:
    demux._warn_of_holes(stage, holed(demux, 12.0, 5 * 24_000, start_time="8.4"), 1.4)
    demux._warn_of_holes(stage, holed(demux, 12.0, 0), 0.0)  # a version that doesn't tell
    assert not stage.warnings


def test_a_track_of_which_next_to_nothing_is_left_is_not_usable(demux: ModuleType) -> None:
    assert [holed(demux, 12.0, samples).is_usable for samples in (2048, 24_000, 0)] == [False, True, True]


@pytest.mark.parametrize(("loudest", "tracks", "advice"), [(-90.0, 2, True), (-90.0, 1, False), (-60.0, 2, None)])
def test_a_silent_track_is_told_with_the_others_that_there_are(
    demux: ModuleType, stage: Any, loudest: float, tracks: int, advice: bool | None
) -> None:
    silent = holed(demux, 12.0, 0)._replace(summary=summary(demux, 12.0, loudest))
    demux._warn_if_silent(stage, silent, tracks)
    assert ["--audio-track" in each for each in stage.warnings] == ([] if advice is None else [advice])


def extracted(demux: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch, extract: Any, name: str) -> Any:
    monkeypatch.setattr(demux.extraction, "extract", extract)
    monkeypatch.setattr(demux, "_command", lambda *_: [])
    monkeypatch.setattr(demux.ffmpegs, "media_file", lambda path, _: demux.ffmpegs.MediaFile(path, 40007.0, None))
    (track,) = tracks(demux, 1)
    track.stream.update(sample_rate="48000", duration="40007")
    probed = {"format": {"format_name": name, "duration": "40007"}, "streams": []}
    return demux._extract(stage, Path("x"), probed, track, ())


@pytest.mark.parametrize(("name", "is_usable"), [("mpegts", True), ("mpeg", True), ("mov,mp4", False)])
def test_the_stated_length_of_a_transport_stream_proves_nothing(
    demux: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch, name: str, is_usable: bool
) -> None:
    """Joined recordings state hours, since the times of the second begin where they like."""
    result = summary(demux, 16.0), demux.ffmpegs.FfmpegResult(0, [], 0, 16 * 48_000)
    assert extracted(demux, stage, monkeypatch, lambda *_: result, name).is_usable is is_usable


@pytest.mark.parametrize(("number", "is_told"), [(errno.ENOSPC, True), (errno.EIO, False)])
def test_a_full_disk_is_told(
    demux: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch, number: int, is_told: bool
) -> None:
    def extract(*_: object) -> None:
        raise OSError(number, "no")

    with pytest.raises(demux.stagekit.StageFailed if is_told else OSError):
        extracted(demux, stage, monkeypatch, extract, "mpegts")


class Player:
    """Stands in for ffmpeg: by track, the share of its packets that can't be decoded."""

    def __init__(self, demux: ModuleType, **broken: float) -> None:
        self._demux = demux
        self._broken = {int(name[1:]): share for name, share in broken.items()}
        self.tried: list[tuple[int, float]] = []

    def __call__(self, stage: Any, media: Any, probed: Any, track: Any, options: tuple[str, ...]) -> Any:
        tolerated = float(options[1])
        self.tried.append((track.number, tolerated))
        share = self._broken.get(track.number, 0.0)
        done = self._demux.ffmpegs.FfmpegResult(
            69 if share > tolerated else 0, [f"bad {track.number}"], round(share * 100)
        )
        return self._demux.extraction.ExtractedAudio(track, summary(self._demux, 0.0 if share == 1 else 9.0), done)


def tracks(demux: ModuleType, count: int = 2) -> list[Any]:
    kinds = [{"index": index, "codec_type": "audio", "codec_name": "aac"} for index in range(count)]
    found: list[Any] = demux.streams.of_kind(kinds, "audio")
    return found


def taken(demux: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch, player: Player, count: int = 2) -> Any:
    monkeypatch.setattr(demux, "_extract", player)
    return demux.first_usable(stage, Path("movie.mp4"), {"format": {}}, tracks(demux, count))


def test_a_sound_track_is_taken_at_once(demux: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    player = Player(demux)
    assert taken(demux, stage, monkeypatch, player).track.number == 1
    assert (len(player.tried), stage.warnings) == (1, [])


def test_a_broken_track_gives_way_to_the_next_and_is_named(
    demux: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert taken(demux, stage, monkeypatch, Player(demux, t1=0.3)).track.number == 2
    assert stage.warnings == ["audio track 1 (aac) is broken, so it is track 2 (aac) that was taken"]


def test_where_no_track_is_sound_the_first_that_has_enough_left_is_taken(
    demux: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = taken(demux, stage, monkeypatch, Player(demux, t1=0.9, t2=0.3, t3=0.1), count=3)
    assert found.track.number == 2


def test_where_nothing_can_be_decoded_the_input_is_to_blame(
    demux: ModuleType, stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(demux.stagekit.InputUnusable, match=r"can't be decoded \(track 1, 2\)\n  ffmpeg: bad 1"):
        taken(demux, stage, monkeypatch, Player(demux, t1=1.0, t2=0.9))


def test_a_track_that_was_asked_for_is_the_only_candidate(demux: ModuleType) -> None:
    assert [track.number for track in demux.candidates(Path("m"), tracks(demux), "2")] == [2]
    assert [track.number for track in demux.candidates(Path("m"), tracks(demux), "")] == [1, 2]


def test_a_track_that_is_not_there_is_refused_with_those_that_are(demux: ModuleType) -> None:
    with pytest.raises(demux.stagekit.StageFailed, match=r"There are: 1 .*--audio-track"):
        demux.candidates(Path("m"), tracks(demux), "3")
