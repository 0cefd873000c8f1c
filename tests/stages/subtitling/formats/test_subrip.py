"""SubRip as it is found: with times that programs and people have damaged."""

import pytest
from subtitling.cues import Cue
from subtitling.formats import subrip
from subtitling.formats.parsed_file import ReadingOptions


def parsed(text: str, raw: bool = False) -> list[Cue]:
    return subrip.parse(text, ReadingOptions(raw=raw)).cues


@pytest.mark.parametrize(
    "times",
    [
        "00:00:04,000 --> 00:00:06,500",
        "00:00:04:000 --> 00:00:06:500",
        "00:00:04;000 --> 00:00:06;500",
        "00:00:04.0 -> 00:00:06.5",
        "0:0:4 --> 0:0:6,5",
        "00：00：０４，０００ --> 00：00：０６，５００",
        "00:00:04,000 --> 00:00:06,500 X1:0 X2:9 Y1:0 Y2:9",
        "00 : 00 : 04 , 000-->00:00:06,500",
        "00:04,000 --> 00:06,500",
        "00:00:04,000 00:00:06,500",
        "00:00:04,000 –> 00:00:06,500",
        "00:00:04,000 --&gt; 00:00:06,500",
        "1 00:00:04,000 --> 00:00:06,500",
        "00.00.04.000 --> 00.00.06.500",
        "00:00:04,000 --> 00:00:06,500 line:0 align:start",
    ],
)
def test_times_are_read_whatever_stands_between_their_numbers(times: str) -> None:
    first, second = parsed(f"1\n{times}\nNoon.\n\n2\n100:00:07,000 --> 100:00:09,000\nLate.\n")
    assert (first.start, round(first.end, -3) // 1000, first.text) == (4000, 6, "Noon.")
    assert (second.start, second.text) == (360_007_000, "Late.")


@pytest.mark.parametrize(
    "times", ["00:00:xx,000 --> 00:00:06,000", "00:0O:04,000 --> 00:00:06,000", "--> 00:00:06,000", "00:00:04,000 -->"]
)
def test_times_that_can_not_be_read_are_told_and_never_text(times: str) -> None:
    file = subrip.parse(f"1\n00:00:01,000 --> 00:00:03,000\nOne\n\n2\n{times}\nTwo\n", ReadingOptions())
    assert [cue.text for cue in file.cues] == ["One"]
    assert times in file.unread[0]


@pytest.mark.parametrize("text", ["A --> B", "It is 5 -> 6", "1984", "10:30"])
def test_text_that_only_resembles_times_stays_text(text: str) -> None:
    (cue,) = parsed(f"1\n00:00:01,000 --> 00:00:03,000\n{text}\n")
    assert cue.text == text


def test_a_number_as_text_is_kept_and_the_next_cue_s_number_is_not() -> None:
    first, second = parsed("1\n00:00:01,000 --> 00:00:03,000\nYes\n42\n2\n00:00:04,000 --> 00:00:05,000\n1984\n\n3\n")
    assert (first.text, second.text) == ("Yes\n42", "1984\n3")


@pytest.mark.parametrize(("tag", "alignment"), [(r"{\an8}", 8), (r"{\a6}", 8), (r"{\i1\an7}", 7), (r"{\an0}", 2)])
def test_the_place_of_a_cue_is_read_from_substation_s_tag(tag: str, alignment: int) -> None:
    (cue,) = parsed(f"1\n00:00:01,000 --> 00:00:03,000\n{tag}Up\n")
    assert (cue.alignment, cue.text.replace("<i>", "").replace("</i>", "")) == (alignment, "Up")


def test_a_check_sees_the_tags_that_other_formats_lack() -> None:
    (cue,) = parsed("1\n00:00:01,000 --> 00:00:03,000\n{\\an8}<font color=red>Up</font>\n", raw=True)
    assert (cue.alignment, cue.text) == (8, "<font color=red>Up</font>")


@pytest.mark.parametrize("text", ["<sighs>", "<laughs softly>", "a<b and b>c"])
def test_words_in_angle_brackets_are_text(text: str) -> None:
    (cue,) = parsed(f"1\n00:00:01,000 --> 00:00:03,000\n{text}\n")
    assert cue.text == text


def test_a_tag_may_break_a_line() -> None:
    (cue,) = parsed("1\n00:00:01,000 --> 00:00:03,000\none<br />two\n")
    assert cue.text == "one\ntwo"


def test_a_number_is_text_in_a_file_whose_cues_have_no_numbers() -> None:
    first, second = parsed("00:00:01,000 --> 00:00:03,000\n1984\n\n00:00:04,000 --> 00:00:05,000\nYes\n")
    assert (first.text, second.text) == ("1984", "Yes")


@pytest.mark.parametrize(("rate", "start"), [(None, 4480), (24.0, 4500)])
def test_two_digits_behind_a_colon_are_frames(rate: float | None, start: int) -> None:
    text = "1\n00:00:04:12 --> 00:00:06:00\nNoon.\n\n2\n00:00:07:23 --> 00:00:09:01\nLate.\n"
    file = subrip.parse(text, ReadingOptions(frame_rate=rate))
    assert (file.cues[0].start, file.cues[0].end) == (start, 6000)
    assert "frames" in file.notes[0]


def test_text_behind_the_times_is_text() -> None:
    (cue,) = parsed("1\n00:00:01,000 --> 00:00:03,000 Good morning.\nSir.\n")
    assert cue.text == "Good morning.\nSir."


@pytest.mark.parametrize("raw", [True, False])
def test_times_of_words_are_no_text(raw: bool) -> None:
    (cue,) = parsed("1\n00:00:01,000 --> 00:00:03,000\n<00:00:01.000>It <00:00:01,300>was <01:02.500>so\n", raw)
    assert cue.text == "It was so"


@pytest.mark.parametrize("end", ["00:", "00:00:0", "00:00:08,000", "00:00:08,000 --"])
def test_a_file_that_is_cut_off_in_the_times_of_a_cue_says_so(end: str) -> None:
    found = subrip.parse(f"1\n00:00:01,000 --> 00:00:02,000\nat\n17:30\n\n2\n{end}", ReadingOptions())
    assert [cue.text for cue in found.cues] == ["at\n17:30"]
    assert found.unread == [end]
