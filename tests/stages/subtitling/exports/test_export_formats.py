"""What is written in each format is read back, but for what the format can't hold, which is told."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from subtitling import reader
from subtitling.cues import Cue, TimedWord
from subtitling.exports.export_formats import EXPORT_FORMATS
from subtitling.exports.written_file import ExportOptions, Unwritable

CUES = [
    Cue(2000, 3520, "It was the best\nof times, A & B < C"),
    Cue(3600, 5000, "<i>it was the worst</i>", "Ann", 8),
    Cue(9000, 12000, "L'été {à} la plage", "Bob"),
]
PRECISION = {"ass": 10, "scc": 1100, "stl": 20, "microdvd": 20, "karaoke-ass": 10}  # milliseconds
KEEPS_ITALICS = ("srt", "vtt", "ass", "ttml", "stl", "microdvd")
KEEPS_PLACES = ("srt", "vtt", "ass", "ttml", "stl", "karaoke-ass", "karaoke-vtt")
KEEPS_SPEAKERS = ("vtt", "ass", "karaoke-ass", "karaoke-vtt")


def options(language: str = "en", rate: int | None = 25, words: Sequence[TimedWord] = ()) -> ExportOptions:
    return ExportOptions(language, Fraction(rate) if rate else None, words=words)


def round_trip(kind: str, folder: Path, cues: Sequence[Cue], wish: ExportOptions) -> tuple[list[Cue], Sequence[str]]:
    written = EXPORT_FORMATS[kind].write(cues, wish)
    file = folder / f"film.{EXPORT_FORMATS[kind].suffix}"
    file.write_bytes(written.data)
    found = reader.read(file, wish.language)
    assert (found.left_out, found.format) == (0, kind.removeprefix("karaoke-"))
    return found.cues, written.notes


def bare(cue: Cue) -> str:
    return cue.text.replace("<i>", "").replace("</i>", "").replace("\n", " ").removeprefix(f"{cue.speaker}: ")


@pytest.mark.parametrize("kind", EXPORT_FORMATS)
def test_text_and_times_come_back(kind: str, tmp_path: Path) -> None:
    found, _ = round_trip(kind, tmp_path, CUES, options())
    braces = str.maketrans("{}", {"scc": "??", "microdvd": "()"}.get(kind, "{}"))
    named = [f"{cue.speaker}: " if kind == "txt" and cue.speaker else "" for cue in CUES]
    assert [bare(cue) for cue in found] == [
        name + bare(cue).translate(braces) for name, cue in zip(named, CUES, strict=True)
    ]
    for own, other in zip(CUES, found, strict=True):
        assert abs(own.start - other.start) <= PRECISION.get(kind, 0)
        assert abs(own.end - other.end) <= PRECISION.get(kind, 0)


@pytest.mark.parametrize("kind", EXPORT_FORMATS)
def test_what_a_format_keeps_comes_back_and_the_rest_is_told(kind: str, tmp_path: Path) -> None:
    found, notes = round_trip(kind, tmp_path, CUES, options())
    assert ("<i>" in found[1].text) == (kind in KEEPS_ITALICS)
    assert (found[1].alignment == 8) == (kind in KEEPS_PLACES)
    assert (found[1].speaker == "Ann") == (kind in KEEPS_SPEAKERS)
    told = {
        "who speaks": kind not in (*KEEPS_SPEAKERS, "txt"),
        "italics": kind not in KEEPS_ITALICS,
        "picture": kind not in KEEPS_PLACES,
    }
    for what, is_lost in told.items():
        assert any(what in note for note in notes) == is_lost, (what, notes)


@pytest.mark.parametrize("kind", ["scc", "stl"])
def test_another_script_is_refused_or_has_an_alphabet(kind: str, tmp_path: Path) -> None:
    with pytest.raises(Unwritable) as caught:
        EXPORT_FORMATS[kind].write([*CUES, Cue(20000, 21000, "二つの都市")], options())
    assert "'二'" in str(caught.value)
    assert "0:00:20.000" in str(caught.value)
    russian = [Cue(1000, 2000, "Это было лучшее")]
    if kind == "stl":
        assert round_trip(kind, tmp_path, russian, options("ru"))[0][0].text == russian[0].text


def test_captions_that_follow_too_soon_are_delayed_or_left_out_and_told(tmp_path: Path) -> None:
    cues = [
        Cue(1000 + 200 * number, 1200 + 200 * number, "a caption of forty letters, which takes time")
        for number in range(9)
    ]
    found, notes = round_trip("scc", tmp_path, cues, options())
    assert 0 < len(found) < len(cues)
    assert any("left out" in note for note in notes)


def test_of_cues_that_overlap_only_the_moment_in_which_they_do_is_lost_and_told(tmp_path: Path) -> None:
    cues = [Cue(2000, 3500, "It was the best of times"), Cue(2700, 8000, "it was the worst of times")]
    found, notes = round_trip("scc", tmp_path, cues, options())
    assert [cue.text.replace("\n", " ") for cue in found] == [cue.text for cue in cues]
    why = "since there is no time to send both"
    assert notes == [f"2 cues hidden while overlapping another one, {why} (the first one at 0:00:02.000)"]


def test_a_cue_that_is_only_shown_beside_another_one_may_be_left_out(tmp_path: Path) -> None:
    cues = [Cue(2000, 9000, "It was the best of times"), Cue(2600, 2900, "it was the worst of times")]
    found, notes = round_trip("scc", tmp_path, cues, options())
    assert {cue.text.replace("\n", " ") for cue in found} == {cues[0].text}
    assert {"1 cue left out", "1 cue hidden while overlapping another one"} < {note.partition(",")[0] for note in notes}


def test_of_a_text_that_is_too_long_to_be_sent_a_part_is_lost_and_told(tmp_path: Path) -> None:
    _, notes = round_trip("scc", tmp_path, [Cue(0, 3000, "word " * 120)], options())
    assert any("1 cue shown only in part" in note for note in notes)
    assert not any("left out" in note for note in notes)


def test_a_caption_at_the_very_start_and_long_lines_lose_no_letter(tmp_path: Path) -> None:
    text = "the quick brown fox jumps over the lazy dog and runs away from all of the other animals in the wood"
    found, notes = round_trip("scc", tmp_path, [Cue(0, 8000, text)], options())
    assert " ".join(found[0].text.split()) == text
    assert len(found[0].lines) == 4
    assert found[0].alignment == 2
    assert any("delayed" in note for note in notes)


def test_microdvd_needs_a_frame_rate_and_says_it(tmp_path: Path) -> None:
    with pytest.raises(Unwritable):
        EXPORT_FORMATS["microdvd"].write(CUES, options(rate=None))
    found, _ = round_trip("microdvd", tmp_path, CUES, options(rate=50))
    assert (found[0].start, found[0].end) == (2000, 3520)


def test_microdvd_has_italics_of_whole_lines(tmp_path: Path) -> None:
    cues = [Cue(1000, 2000, "<i>one</i>\ntwo"), Cue(3000, 4000, "one <i>two</i>")]
    found, notes = round_trip("microdvd", tmp_path, cues, options())
    assert [cue.text for cue in found] == ["<i>one</i>\ntwo", "one two"]
    assert any("1 cue" in note and "italics" in note for note in notes)


def test_a_long_text_takes_several_blocks_of_stl(tmp_path: Path) -> None:
    text = "é" * 300
    assert round_trip("stl", tmp_path, [Cue(1000, 9000, text)], options())[0][0].text == text


@pytest.mark.parametrize("kind", ["karaoke-ass", "karaoke-vtt"])
def test_words_have_the_times_at_which_they_were_heard(kind: str, tmp_path: Path) -> None:
    said = [(2000, "It"), (2300, " was"), (2900, " the"), (3000, " best"), (3200, " of"), (3300, " times")]
    words = [TimedWord(start, start + 100, text) for start, text in said]
    _, notes = round_trip(kind, tmp_path, CUES, options(words=words))
    file = tmp_path / f"film.{EXPORT_FORMATS[kind].suffix}"
    heard = reader.read(file).words
    assert [(word.start, word.text) for word in heard][:5] == [(start, text.strip()) for start, text in said[:5]]
    assert any("2 cues" in note and "length" in note for note in notes)


def test_no_cue_is_a_file_without_cues() -> None:
    for kind, each in EXPORT_FORMATS.items():
        assert each.write([], options()).notes == [] or not each.write([], options()).notes, kind


def test_stl_keeps_subtitles_that_overlap(tmp_path: Path) -> None:
    cues = [
        Cue(1000, 10000, "a sign", alignment=8),
        Cue(2000, 4000, "said meanwhile"),
        Cue(3000, 5000, "é" * 300),
        Cue(11000, 12000, "after it"),
    ]
    assert round_trip("stl", tmp_path, cues, options())[0] == cues


def test_marks_of_direction_are_no_characters_that_are_missing(tmp_path: Path) -> None:
    found, notes = round_trip("stl", tmp_path, [Cue(1000, 2000, "\u202bقال: 25 كتابا.\u202c")], options("ar"))
    assert ([cue.text for cue in found], notes) == (["قال: 25 كتابا."], [])


def test_a_cue_after_more_than_a_day_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match=r"the cue at 25:00:00\.000"):
        EXPORT_FORMATS["stl"].write([Cue(90_000_000, 90_001_000, "late")], options())
