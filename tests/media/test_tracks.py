"""Tracks that a person asks for, compared with those that a movie has."""

from pathlib import Path
from typing import Any

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


DUBBED = Media(
    60.0,
    (
        MediaTrack(1, language="eng", is_default=True),
        MediaTrack(2, language="spa", title="Comentario (commentary)"),
        MediaTrack(3, language="spa"),
        MediaTrack(4, language="por"),
        MediaTrack(5, language="pt-BR"),
        MediaTrack(6, language="fra", is_secondary=True),
    ),
)


@pytest.mark.parametrize(
    ("language", "number"), [("es", "3"), ("fr", "6"), ("pt", "4"), ("pt-BR", "5"), ("en", ""), ("de", "")]
)
def test_the_sound_in_a_language_is_its_best_track_unless_that_is_the_main_one(language: str, number: str) -> None:
    assert tracks.audio_in(language, DUBBED) == number


def test_a_movie_s_own_sound_goes_before_commentaries_whichever_is_the_default() -> None:
    spoken = (
        MediaTrack(1, language="eng", title="Director's Commentary", is_default=True),
        MediaTrack(2, language="spa"),
    )
    assert tracks.spoken_language("", Media(9.0, spoken)) == "es"
    assert tracks.spoken_language("1", Media(9.0, spoken)) == "en"


@pytest.mark.parametrize(
    "signs",
    [
        {"is_forced": True},
        {"title": "Signs & Songs"},
        {"title": "English (Forced)"},
        {"title": "Forzados"},
        {"title": "S&S / Signs"},
    ],
)
def test_signs_come_last_even_where_they_are_the_default(signs: dict[str, Any]) -> None:
    listed = [MediaTrack(1, "ass", "eng", is_default=True, **signs), MediaTrack(2, "ass", "eng", "Dialogue + Signs")]
    assert [track.number for track in tracks.by_preference(listed)] == [2, 1]
    assert tracks.find("en", listed, "subtitle", "--from-subtitles").number == 2
    assert tracks.find("1", listed, "subtitle", "--from-subtitles").number == 1


def test_a_track_with_few_cues_holds_signs_whatever_it_says() -> None:
    listed = [MediaTrack(1, "ass", "eng", is_default=True, cues=40), MediaTrack(2, "ass", "eng", cues=900)]
    assert [track.number for track in tracks.by_preference(listed)] == [2, 1]
    assert [track.number for track in tracks.by_preference([listed[0], MediaTrack(2, cues=60), MediaTrack(3)])] == [
        1,
        2,
        3,
    ]
