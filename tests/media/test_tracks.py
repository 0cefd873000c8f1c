"""Tracks that a person asks for, compared with those that a movie has."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.media import tracks
from pipeline.media.probe import Media, MediaTrack

TWO = Media(60.0, (MediaTrack(1, language="eng"), MediaTrack(2, language="spa", title="Director", is_default=True)))


@pytest.mark.parametrize("text", ["", "1", "2", "es", "spa", "ENG", "Spanish", "english"])
def test_a_track_that_is_there_is_fine(text: str) -> None:
    tracks.check_audio_track(text, TWO)


@pytest.mark.parametrize("text", ["0", "3", "fr", "Klingonese", "x" * 50])
def test_a_track_that_is_not_there_is_told_with_those_that_are(text: str) -> None:
    with pytest.raises(InputError, match=r"1 \(English \(en\)\), 2 \(Spanish \(es\), Director\)"):
        tracks.check_audio_track(text, TWO)


def test_sound_alone_has_nothing_to_draw_into() -> None:
    tracks.require_picture(Path("a.mkv"), Media(60.0, has_picture=True))
    with pytest.raises(InputError, match=r"a\.mp3"):
        tracks.require_picture(Path("a.mp3"), Media(60.0, has_picture=False))


def test_the_language_that_is_spoken_is_that_of_the_track_that_is_taken() -> None:
    assert tracks.spoken_language("", TWO) == "es"
    assert tracks.spoken_language("1", TWO) == "en"
    assert tracks.spoken_language("", Media(1.0, (MediaTrack(1, language="und"),))) == ""
    assert tracks.spoken_language("", Media(1.0)) == ""
