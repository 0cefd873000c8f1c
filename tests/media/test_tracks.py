"""Tracks and subtitles that a person asks for, held against what a movie has."""

from pathlib import Path

import pytest

from pipeline.digests import sha256_of_file
from pipeline.errors import InputUnusable
from pipeline.media import tracks
from pipeline.media.existing_subtitles import AlreadyThere, require_wanted
from pipeline.media.probe import Media, Track

TWO = Media(60.0, (Track(1, language="eng"), Track(2, language="spa", title="Director", is_default=True)))
TEXT = Track(1, "subrip", "eng")
SIGNS = Track(2, "ass", "spa", is_forced=True, is_default=True)
PICTURES = Track(3, "hdmv_pgs_subtitle", "fre")
TITLED = Media(60.0, (Track(1),), (TEXT, SIGNS, PICTURES))


@pytest.mark.parametrize("wish", ["", "1", "2", "es", "spa", "ENG", "Spanish", "english"])
def test_a_track_that_is_there_is_fine(wish: str) -> None:
    tracks.check_audio_track(wish, TWO)


@pytest.mark.parametrize("wish", ["0", "3", "fr", "Klingonese", "x" * 50])
def test_a_track_that_is_not_there_is_told_with_those_that_are(wish: str) -> None:
    with pytest.raises(InputUnusable, match=r"it has 1 \(English \(en\)\), 2 \(Spanish \(es\), Director\)"):
        tracks.check_audio_track(wish, TWO)


def test_sound_alone_has_nothing_to_draw_into() -> None:
    tracks.require_picture(Path("a.mkv"), Media(60.0, has_picture=True))
    with pytest.raises(InputUnusable, match=r"a\.mp3 has no picture"):
        tracks.require_picture(Path("a.mp3"), Media(60.0, has_picture=False))


def test_the_language_that_is_spoken_is_that_of_the_track_that_is_taken() -> None:
    assert tracks.spoken("", TWO) == "es"
    assert tracks.spoken("1", TWO) == "en"
    assert tracks.spoken("", Media(1.0, (Track(1, language="und"),))) == ""
    assert tracks.spoken("", Media(1.0)) == ""


@pytest.mark.parametrize("wish", ["1", "en", "auto"])
def test_a_subtitle_track_is_named_by_number_language_or_not_at_all(tmp_path: Path, wish: str) -> None:
    found = tracks.subtitles(wish, tmp_path / "movie.mkv", TITLED)
    assert found == {"track": "1", "file": "", "file_digest": "", "language": "en"}


def test_pictures_are_refused(tmp_path: Path) -> None:
    for wish, media in (("3", TITLED), ("fr", TITLED), ("auto", Media(1.0, (), (PICTURES,)))):
        with pytest.raises(InputUnusable, match="holds pictures"):
            tracks.subtitles(wish, tmp_path / "movie.mkv", media)


def test_a_subtitle_file_is_frozen_by_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "other.pt-BR.srt"
    file.write_text("1\n")
    found = tracks.subtitles(str(file), tmp_path / "movie.mkv", TITLED)
    assert found == {"track": "", "file": str(file), "file_digest": sha256_of_file(file), "language": "pt"}


def test_without_a_track_the_one_file_beside_the_movie_is_taken(tmp_path: Path) -> None:
    (tmp_path / "movie.es.srt").write_text("1\n")
    (tmp_path / "movie2.es.srt").write_text("1\n")
    assert tracks.subtitles("auto", tmp_path / "movie.mkv", TWO)["file"] == str(tmp_path / "movie.es.srt")
    (tmp_path / "movie.en.vtt").write_text("1\n")
    with pytest.raises(InputUnusable, match="several subtitle files"):
        tracks.subtitles("auto", tmp_path / "movie.mkv", TWO)


def test_a_movie_without_any_subtitles_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match="no subtitle track, and no subtitle file"):
        tracks.subtitles("auto", tmp_path / "movie.mkv", TWO)


@pytest.mark.parametrize("name", ["none.srt", "movie.mkv", "sub/none.vtt"])
def test_a_file_that_is_no_subtitle_file_or_not_there_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputUnusable, match=r"is no subtitle file|can't be read"):
        tracks.subtitles(str(tmp_path / name), tmp_path / "movie.mkv", TWO)


def test_what_a_movie_has_is_found_in_it_and_beside_it(tmp_path: Path) -> None:
    (tmp_path / "movie.de.srt").write_text("1\n")
    (tmp_path / "movie.it.forced.srt").write_text("1\n")
    (tmp_path / "movie.srt").write_text("1\n")
    found = tracks.existing(tmp_path / "movie.mkv", TITLED)
    assert found == {"en": "track 1 of the movie", "fr": "track 3 of the movie", "de": "movie.de.srt"}


def test_a_movie_with_all_wanted_languages_is_left_out(tmp_path: Path) -> None:
    movie = tmp_path / "movie.mkv"
    with pytest.raises(AlreadyThere, match=r"has subtitles already: en \(track 1 of the movie\), fr"):
        require_wanted(["auto", "fr"], "en", movie, TITLED)
    require_wanted(["en", "de"], "", movie, TITLED)


def test_a_spoken_language_that_nothing_says_counts_as_missing(tmp_path: Path) -> None:
    require_wanted(["auto"], "", tmp_path / "movie.mkv", TITLED)
    require_wanted([], "en", tmp_path / "movie.mkv", TITLED)
