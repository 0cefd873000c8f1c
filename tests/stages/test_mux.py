from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

VIDEO = {"index": 0, "codec_type": "video", "codec_name": "h264"}
AUDIO = {"index": 1, "codec_type": "audio", "codec_name": "aac"}
TIMED_TEXT = {
    "index": 2,
    "codec_type": "subtitle",
    "codec_name": "mov_text",
    "disposition": {"default": 1, "forced": 1},
}


@pytest.fixture
def mux(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("mux")


def command(
    mux: ModuleType,
    *streams: dict[str, Any],
    container: str = "mp4",
    files: tuple[str, ...] = ("en.srt", "de.srt"),
    shown: int | None = None,
) -> list[str]:
    tracks = mux.tracks_of([Path("/out") / file for file in files], original=True, recognised=True)
    selection = mux.containers.select(list(streams), container)
    queue = mux.ffmpegs.PacketQueue(99, for_output=True)
    media = mux.ffmpegs.MediaFile(Path("/in/-a: b.mp4"), 9.0, queue)
    made: list[str] = mux.command(media, tracks, Path("/out/subtitled.mp4"), selection, shown)
    return made


def values(command: list[str], option: str) -> list[str]:
    return [value for name, value in pairwise(command) if name == option]


def test_our_tracks_stand_between_the_sound_and_the_movies_subtitles(mux: ModuleType) -> None:
    assert values(command(mux, VIDEO, AUDIO, TIMED_TEXT), "-map") == ["0:0", "0:1", "1:0", "2:0", "0:2"]


def test_packets_may_wait_behind_the_movie_and_before_the_output(mux: ModuleType) -> None:
    made = command(mux, VIDEO, AUDIO)
    movie, last = made.index("-i"), len(made) - 1
    queues = [place for place, word in enumerate(made) if word == "-thread_queue_size"]
    assert (queues, values(made, "-thread_queue_size")) == ([movie - 2, last - 2], ["99", "99"])


def test_files_are_named_so_that_no_protocol_is_seen_in_them(mux: ModuleType) -> None:
    made = command(mux, VIDEO)
    assert values(made, "-i") == ["file:/in/-a: b.mp4", "file:/out/en.srt", "file:/out/de.srt"]
    assert made[-1] == "file:/out/subtitled.mp4"


def test_a_track_gets_its_language_and_title(mux: ModuleType) -> None:
    assert values(command(mux, VIDEO, container="mkv"), "-metadata:s:s:1") == [
        "language=deu",
        "title=German (translated)",
    ]


def test_a_region_is_in_the_title_and_in_matroska_in_the_language(mux: ModuleType) -> None:
    written = {
        container: values(command(mux, VIDEO, container=container, files=("pt-BR.srt",)), "-metadata:s:s:0")[:2]
        for container in ("mp4", "mkv")
    }
    assert written["mp4"] == ["language=por", "title=Portuguese (BR) (automatic)"]
    assert written["mkv"] == ["language=por====pt-BR", "title=Portuguese (BR) (automatic)"]


@pytest.mark.parametrize(
    ("original", "recognised", "titles"),
    [
        (True, True, ["English (automatic)", "Portuguese (BR) (translated)", "Subtitles (translated)"]),
        (True, False, ["English", "Portuguese (BR) (translated)", "Subtitles (translated)"]),
        (False, True, ["English (translated)", "Portuguese (BR) (translated)", "Subtitles (translated)"]),
    ],
)
def test_a_title_says_how_the_words_came_about(
    mux: ModuleType, original: bool, recognised: bool, titles: list[str]
) -> None:
    files = [Path(f"{name}.srt") for name in ("en", "pt-BR", "und")]
    assert [track.title for track in mux.tracks_of(files, original, recognised)] == titles


def test_ours_becomes_timed_text_in_mp4_and_theirs_is_copied(mux: ModuleType) -> None:
    made = command(mux, VIDEO, TIMED_TEXT)
    assert [values(made, f"-c:s:{index}") for index in range(3)] == [["mov_text"], ["mov_text"], ["copy"]]


def test_styled_subtitles_keep_their_styles_in_matroska(mux: ModuleType) -> None:
    files = ("en.ass", "de.srt", "fr.vtt")
    made = command(mux, VIDEO, TIMED_TEXT, container="mkv", files=files)
    assert [values(made, f"-c:s:{index}") for index in range(4)] == [["ass"], ["subrip"], ["subrip"], ["subrip"]]
    assert [value for value in values(made, "-f") if value != "mp4"] == ["ass", "srt", "webvtt"]


def test_our_first_track_is_shown_unless_the_movie_shows_its_own(mux: ModuleType) -> None:
    assert values(command(mux, VIDEO), "-disposition:s:0") == ["default"]
    assert values(command(mux, VIDEO, TIMED_TEXT), "-disposition:s:0") == ["0"]


def test_a_track_that_was_asked_to_be_shown_is_the_only_one(mux: ModuleType) -> None:
    made = command(mux, VIDEO, TIMED_TEXT, shown=1)
    assert [values(made, f"-disposition:s:{index}") for index in range(3)] == [["0"], ["default"], ["forced"]]


def test_a_language_to_be_shown_is_found_in_any_form(mux: ModuleType) -> None:
    tracks = mux.tracks_of([Path("en.srt"), Path("de.srt")], original=True, recognised=True)
    assert [mux.shown_index(tracks, wish) for wish in ("", "ger", "en")] == [None, 1, 0]
    with pytest.raises(mux.stagekit.StageFailed, match="there are: en, de"):
        mux.shown_index(tracks, "fr")


@pytest.mark.parametrize(
    ("movie", "subtitles", "wish", "container"),
    [
        ("a.mp4", "en.srt", "auto", "mp4"),
        ("a.mp4", "en.ass", "auto", "mkv"),
        ("a.avi", "en.srt", "auto", "mkv"),
        ("a.mp4", "en.ass", "mp4", "mp4"),
        ("a.mp4", "en.srt", "mkv", "mkv"),
    ],
)
def test_a_movie_stays_what_it_is_unless_styles_need_matroska(
    mux: ModuleType, movie: str, subtitles: str, wish: str, container: str
) -> None:
    assert mux.container_for(Path(movie), [Path(subtitles)], wish) == container


class Wished:
    """A stage with both kinds of files."""

    def __init__(self, is_styled: bool) -> None:
        self.parameters = {"is_styled": is_styled, "original": True, "recognised": True}
        self.warnings: list[str] = []

    def inputs(self, slot: str) -> list[Path]:
        return [Path("en.ass" if slot == "styled" else "en.srt")]

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.mark.parametrize(
    ("container", "is_styled", "file"),
    [("mkv", True, "en.ass"), ("mkv", False, "en.srt"), ("mp4", True, "en.srt")],
)
def test_styles_are_taken_where_they_were_asked_for_and_can_be_held(
    mux: ModuleType, container: str, is_styled: bool, file: str
) -> None:
    assert [track.file.name for track in mux.tracks_in(container, Wished(is_styled))] == [file]


def test_a_person_hears_that_an_mp4_holds_no_styles(mux: ModuleType) -> None:
    wished = Wished(is_styled=True)
    mux._warn_of_styles(wished, "mkv")
    assert wished.warnings == []
    mux._warn_of_styles(wished, "mp4")
    assert "can't hold SubStation's styles" in wished.warnings[0]


def test_a_file_of_another_kind_is_refused(mux: ModuleType) -> None:
    with pytest.raises(mux.stagekit.StageFailed, match=r"en\.sub is no subtitle file.*: \.srt, \.vtt"):
        mux.tracks_of([Path("en.sub")], original=True, recognised=True)


def test_a_container_that_is_not_known_is_refused(mux: ModuleType) -> None:
    with pytest.raises(mux.stagekit.StageFailed, match="no container 'avi'; there are: auto, mp4, mkv"):
        mux.container_for(Path("a.mp4"), [], "avi")


def test_a_language_that_turned_out_to_be_the_one_that_is_spoken_has_one_track(mux: ModuleType, tmp_path: Path) -> None:
    contents = {"en.srt": "Hello.", "en-GB.srt": "Hello.", "es.srt": "Hola.", "ca.srt": "Hola."}
    for name, text in contents.items():
        (tmp_path / name).write_text(text)
    tracks = mux.without_duplicates(
        mux.tracks_of([tmp_path / name for name in contents], original=True, recognised=True)
    )
    assert [(track.language, track.title) for track in tracks] == [
        ("en", "English (automatic)"),
        ("es", "Spanish (translated)"),
        ("ca", "Catalan (translated)"),
    ]


def test_two_forms_of_a_language_are_two_tracks(mux: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "pt.srt").write_text("Facto.")
    (tmp_path / "pt-BR.srt").write_text("Fato.")
    files = [tmp_path / "pt.srt", tmp_path / "pt-BR.srt"]
    tracks = mux.without_duplicates(mux.tracks_of(files, original=False, recognised=True))
    assert [track.title for track in tracks] == ["Portuguese (translated)", "Portuguese (BR) (translated)"]


def test_a_track_that_was_converted_comes_last_with_its_marks(mux: ModuleType) -> None:
    track = {"index": 3, "codec_type": "subtitle", "tags": {"language": "spa"}, "disposition": {"forced": 1}}
    selection = mux.containers.select([VIDEO, TIMED_TEXT], "mkv")
    converted = mux.containers.ConvertedTrack(track, Path("/work/track3.srt"))
    queue = mux.ffmpegs.PacketQueue(99, for_output=True)
    made = mux.command(
        mux.ffmpegs.MediaFile(Path("/in/a.mkv"), 9.0, queue),
        mux.tracks_of([Path("/out/en.srt")], original=True, recognised=True),
        Path("/out/subtitled.mkv"),
        selection._replace(converted=[converted]),
    )
    assert values(made, "-i") == ["file:/in/a.mkv", "file:/out/en.srt", "file:/work/track3.srt"]
    assert values(made, "-map") == ["0:0", "1:0", "0:2", "2:0"]
    assert values(made, "-c:s:2") == ["subrip"]
    assert values(made, "-disposition:s:2") == ["forced"]


def test_texts_at_once_become_one_text_where_a_container_has_one_at_a_time(mux: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "en.srt"
    file.write_text("1\n00:00:01,000 --> 00:00:09,000\n{\\an8}OFFICE\n\n2\n00:00:02,000 --> 00:00:04,000\nHello\n\n")
    (tmp_path / "work").mkdir()
    (track,) = mux.tracks_of([file], original=True, recognised=True)
    flat = mux.readable(track, "mp4", tmp_path / "work").file.read_text()
    assert "00:00:02,000 --> 00:00:04,000\nOFFICE\nHello\n" in flat
    file.write_text("1\n00:00:02,000 --> 00:00:04,000\nHello\n\n")
    assert mux.readable(track, "mp4", tmp_path / "work") == track


def test_webvtt_is_read_by_us_since_ffmpeg_loses_cues_after_a_style(mux: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "en.vtt"
    file.write_text("WEBVTT\n\nSTYLE\n::cue {}\n\n00:01.000 --> 00:02.000 line:0\nHello\n")
    (track,) = mux.tracks_of([file], original=True, recognised=True)
    (tmp_path / "work").mkdir()
    made = mux.readable(track, "mkv", tmp_path / "work")
    assert made.file.read_text() == "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}Hello\n\n"
    assert (made.language, made.title) == (track.language, track.title)


def test_a_file_s_name_says_what_its_track_is_for(mux: ModuleType) -> None:
    files = ("en.forced.srt", "pt-BR.sdh.commentary.srt")
    tracks = mux.tracks_of([Path(file) for file in files], original=False, recognised=False)
    assert [track.title for track in tracks] == [
        "English (forced, translated)",
        "Portuguese (BR) (SDH, commentary, translated)",
    ]
    made = command(mux, VIDEO, AUDIO, container="mkv", files=files)
    assert values(made, "-disposition:s:0") == ["default+forced"]
    assert values(made, "-disposition:s:1") == ["hearing_impaired+comment"]
    assert "language=eng" in values(made, "-metadata:s:s:0")
