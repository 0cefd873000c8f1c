"""Subtitles that exist: which ones are meant, and which a movie has already."""

import re
from pathlib import Path

import pytest

from pipeline.digests import sha256_of_file
from pipeline.errors import InputError
from pipeline.media import subtitles
from pipeline.media.probe import Media, MediaTrack
from pipeline.media.subtitles import AlreadyThere, require_missing

TWO = Media(60.0, (MediaTrack(1, language="eng"), MediaTrack(2, language="spa")))
TEXT = MediaTrack(1, "subrip", "eng")
SIGNS = MediaTrack(2, "ass", "spa", is_forced=True, is_default=True)
PICTURES = MediaTrack(3, "hdmv_pgs_subtitle", "fre")
TITLED = Media(60.0, (MediaTrack(1),), (TEXT, SIGNS, PICTURES))


@pytest.mark.parametrize("text", ["1", "en", "auto"])
def test_a_subtitle_track_is_named_by_number_language_or_not_at_all(tmp_path: Path, text: str) -> None:
    found = subtitles.source(text, tmp_path / "movie.mkv", TITLED)
    assert found == {"track": "1", "file": "", "file_digest": "", "language": "en"}


def test_pictures_are_refused(tmp_path: Path) -> None:
    for text, media in (("3", TITLED), ("fr", TITLED), ("auto", Media(1.0, (), (PICTURES,)))):
        with pytest.raises(InputError, match="holds pictures"):
            subtitles.source(text, tmp_path / "movie.mkv", media)


def test_a_subtitle_file_is_frozen_by_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "other.pt-BR.srt"
    file.write_text("1\n")
    found = subtitles.source(str(file), tmp_path / "movie.mkv", TITLED)
    assert found == {"track": "", "file": str(file), "file_digest": sha256_of_file(file), "language": "pt-BR"}


def test_without_a_track_the_one_file_beside_the_movie_is_taken(tmp_path: Path) -> None:
    (tmp_path / "movie.es.srt").write_text("1\n")
    (tmp_path / "movie2.es.srt").write_text("1\n")
    assert subtitles.source("auto", tmp_path / "movie.mkv", TWO)["file"] == str(tmp_path / "movie.es.srt")
    (tmp_path / "movie.en.vtt").write_text("1\n")
    with pytest.raises(InputError, match="several subtitle files"):
        subtitles.source("auto", tmp_path / "movie.mkv", TWO)


def test_a_movie_without_any_subtitles_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"movie\.mkv"):
        subtitles.source("auto", tmp_path / "movie.mkv", TWO)


@pytest.mark.parametrize("name", ["none.srt", "movie.mkv", "sub/none.vtt"])
def test_a_file_that_is_no_subtitle_file_or_not_there_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=re.escape(name)):
        subtitles.source(str(tmp_path / name), tmp_path / "movie.mkv", TWO)


def test_what_a_movie_has_is_found_in_it_and_beside_it(tmp_path: Path) -> None:
    (tmp_path / "movie.de.srt").write_text("1\n")
    (tmp_path / "movie.it.forced.srt").write_text("1\n")
    (tmp_path / "movie.srt").write_text("1\n")
    found = subtitles.existing(tmp_path / "movie.mkv", TITLED)
    assert found == {"en": "track 1 of the movie", "fr": "track 3 of the movie", "de": "movie.de.srt"}


@pytest.mark.parametrize(
    ("name", "movie", "language"),
    [
        ("The.Big.Lebowski.1998.en.srt", "film.mp4", "en"),
        ("Dr.no.srt", "Dr.no.mkv", ""),
        ("Dr.no.no.srt", "Dr.no.mkv", "no"),
        ("other.zh-Hant.sdh.srt", "film.mp4", "zh-Hant"),
    ],
)
def test_a_title_s_word_is_no_language(tmp_path: Path, name: str, movie: str, language: str) -> None:
    (tmp_path / name).write_text("00:00:01:00\t9420 c845 4c4c 942f\n")
    assert subtitles.source(str(tmp_path / name), tmp_path / movie, TWO)["language"] == language


def test_the_subtitles_of_a_second_part_are_not_those_of_the_first(tmp_path: Path) -> None:
    for name in ("movie.2.mkv", "movie.2.es.srt", "movie.de.commentary.srt", "movie.fr.srt"):
        (tmp_path / name).write_text("1\n")
    assert subtitles.existing(tmp_path / "movie.mkv", Media(9.0)) == {"fr": "movie.fr.srt"}
    assert subtitles.existing(tmp_path / "movie.2.mkv", Media(9.0)) == {"es": "movie.2.es.srt"}


def test_subtitles_in_another_script_are_others(tmp_path: Path) -> None:
    (tmp_path / "movie.zh-Hant.srt").write_text("1\n")
    require_missing(["zh-Hans"], "en", tmp_path / "movie.mkv", Media(9.0))
    with pytest.raises(AlreadyThere, match=r"movie\.zh-Hant\.srt"):
        require_missing(["zh-TW"], "en", tmp_path / "movie.mkv", Media(9.0))


def test_a_movie_with_all_wanted_languages_is_left_out(tmp_path: Path) -> None:
    movie = tmp_path / "movie.mkv"
    with pytest.raises(AlreadyThere, match=r"en \(track 1.*\), fr"):
        require_missing(["auto", "fr"], "en", movie, TITLED)
    require_missing(["en", "de"], "", movie, TITLED)


def test_a_spoken_language_that_nothing_says_counts_as_missing(tmp_path: Path) -> None:
    require_missing(["auto"], "", tmp_path / "movie.mkv", TITLED)
    require_missing([], "en", tmp_path / "movie.mkv", TITLED)


def test_the_pictures_of_vobsub_are_no_text_beside_a_movie(tmp_path: Path) -> None:
    for name in ("movie.en.sub", "movie.en.idx", "movie.es.sub", "movie.fr.scc"):
        (tmp_path / name).write_text("1\n")
    found = subtitles.existing(tmp_path / "movie.mkv", TWO)
    assert found == {"es": "movie.es.sub", "fr": "movie.fr.scc"}


@pytest.mark.parametrize("name", ["a.sub", "a.smi", "a.scc", "a.ttml", "a.xml", "a.txt", "a.sbv"])
def test_every_format_that_a_stage_reads_may_be_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("00:00:01:00\t9420 c845 4c4c 942f\n")
    assert subtitles.source(str(tmp_path / name), tmp_path / "movie.mkv", TWO)["file"] == str(tmp_path / name)


def test_a_track_that_ffmpeg_does_not_know_is_no_subtitles_and_is_taken_last(tmp_path: Path) -> None:
    unknown = MediaTrack(1, "", "spa")
    assert subtitles.existing(tmp_path / "movie.mkv", Media(9.0, (), (unknown,))) == {}
    assert subtitles.source("auto", tmp_path / "movie.mkv", Media(9.0, (), (unknown,)))["track"] == "1"
    known = MediaTrack(2, "subrip", "eng")
    assert subtitles.source("auto", tmp_path / "movie.mkv", Media(9.0, (), (unknown, known)))["track"] == "2"


ENGLISH, FRENCH = MediaTrack(1, "subrip", "eng"), MediaTrack(2, "subrip", "fre")


@pytest.mark.parametrize(
    ("spoken", "found", "files", "taken"),
    [
        ("fr", (ENGLISH, FRENCH), (), "2"),
        ("fr", (ENGLISH,), ("movie.fr.srt", "movie.en.srt"), "movie.fr.srt"),
        ("fr", (ENGLISH,), ("movie.fr.sdh.srt", "movie.fr.srt"), "movie.fr.srt"),
        ("fr", (ENGLISH, MediaTrack(2, "subrip")), (), "2"),
        ("fr", (ENGLISH,), ("movie.srt",), "movie.srt"),
        ("pt-BR", (MediaTrack(1, "ass", "por"), MediaTrack(2, "ass", "pt-BR")), (), "2"),
        ("pt-BR", (MediaTrack(1, "ass", "por"),), (), "1"),
        ("pt-BR", (MediaTrack(1, "ass", "por"), MediaTrack(2, "ass", "por", "Brazilian Portuguese")), (), "2"),
        ("", (MediaTrack(1, "ass", "eng", "Signs"), MediaTrack(2, "ass", "eng")), (), "2"),
        ("", (MediaTrack(1, "ass", "eng", is_forced=True),), ("movie.en.srt",), "movie.en.srt"),
        ("", (MediaTrack(1, "ass", "eng", is_forced=True),), ("movie.en.forced.srt",), "1"),
        ("", (), ("movie.en.forced.srt", "movie.en.srt", "movie.en.sdh.srt"), "movie.en.srt"),
    ],
)
def test_subtitles_are_those_in_the_language_that_was_named_and_hold_all_that_is_said(
    tmp_path: Path, spoken: str, found: tuple[MediaTrack, ...], files: tuple[str, ...], taken: str
) -> None:
    for name in files:
        (tmp_path / name).write_text("1\n")
    source = subtitles.source("auto", tmp_path / "movie.mkv", Media(9.0, (), found), spoken)
    assert taken in (source["track"], Path(source["file"]).name)


def test_a_language_without_subtitles_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "movie.es.srt").write_text("1\n")
    with pytest.raises(InputError, match=r"no subtitles in French \(fr\).*1 \(English \(en\)\), movie\.es\.srt"):
        subtitles.source("auto", tmp_path / "movie.mkv", Media(9.0, (), (ENGLISH,)), "fr")


def test_tracks_of_signs_are_no_subtitles_that_exist(tmp_path: Path) -> None:
    assert (
        subtitles.existing(tmp_path / "movie.mkv", Media(9.0, (), (MediaTrack(1, "ass", "eng", "Signs/Songs"),))) == {}
    )


def test_the_region_in_a_track_s_title_is_that_of_the_subtitles(tmp_path: Path) -> None:
    brazilian = Media(9.0, (), (MediaTrack(1, "subrip", "por", "Portuguese (BR)"),))
    assert subtitles.source("1", tmp_path / "movie.mkv", brazilian)["language"] == "pt-BR"
    assert subtitles.existing(tmp_path / "movie.mkv", brazilian) == {"pt-BR": "track 1 of the movie"}


@pytest.mark.parametrize(
    ("name", "content"), [("a.scc", "Scenarist_SCC V1.0\n\n00:00:01:00\t942c 942c\n"), ("a.srt", " \n")]
)
def test_a_file_without_text_is_told_before_any_work(tmp_path: Path, name: str, content: str) -> None:
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(InputError, match=name):
        subtitles.source(str(file), tmp_path / "movie.mkv", Media(60))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("movie.fr.forced.srt", "forced"),
        ("movie.fr.signs.srt", "forced"),
        ("movie.forced.sdh.fr.srt", "forced,sdh"),
        ("movie.hi.fr.srt", "sdh"),
        ("movie.fr.commentary.default.srt", "commentary"),
        ("movie.fr.srt", ""),
    ],
)
def test_what_a_file_is_for_is_kept(tmp_path: Path, name: str, expected: str) -> None:
    file, movie = tmp_path / name, tmp_path / "movie.mkv"
    file.write_text("1\n")
    assert subtitles.flags(subtitles.source(str(file), movie, Media(60)), movie, Media(60)) == expected


@pytest.mark.parametrize(
    ("track", "expected"),
    [
        (MediaTrack(1, "subrip", "fre", is_forced=True, is_default=True), "forced"),
        (MediaTrack(1, "subrip", "fre", title="Signs & Songs"), "forced"),
        (MediaTrack(1, "subrip", "fre", is_hearing_impaired=True), "sdh"),
        (MediaTrack(1, "subrip", "fre", is_comment=True), "commentary"),
        (MediaTrack(1, "subrip", "fre"), ""),
    ],
)
def test_what_a_track_is_for_is_kept(tmp_path: Path, track: MediaTrack, expected: str) -> None:
    media, movie = Media(60, subtitles=(track,)), tmp_path / "movie.mkv"
    assert subtitles.flags(subtitles.source("1", movie, media), movie, media) == expected


def test_recognised_speech_is_for_everybody(tmp_path: Path) -> None:
    assert subtitles.flags({}, tmp_path / "movie.mkv", Media(60)) == ""
