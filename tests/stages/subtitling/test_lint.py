"""Each rule, on cues made to break it."""

import pytest
from subtitling import frame_clock
from subtitling.cues import Cue
from subtitling.lint import Violation, lint, too_fast_share

from tests.stages.subtitling.helpers import NO_CLOCK, profile_of, rules, violations

FINE = Cue(1000, 3000, "It was the best of times.")


def test_a_cue_that_keeps_all_rules_breaks_none() -> None:
    assert violations([FINE, Cue(3084, 5000, "It was the worst\nof times.")]) == []


@pytest.mark.parametrize(
    ("cue", "found"),
    [
        (Cue(0, 5000, "x" * 43), Violation("line-length", (1,), 0, 43, 42)),
        (Cue(0, 5000, "<i>" + "x" * 43 + "</i>"), Violation("line-length", (1,), 0, 43, 42)),
        (Cue(0, 5000, "a\nb\nc"), Violation("lines", (1,), 0, 3, 2)),
        (Cue(0, 700, "a"), Violation("too-short", (1,), 0, 0.7, 5 / 6)),
        (Cue(0, 7100, "a"), Violation("too-long", (1,), 0, 7.1, 7.0)),
        (Cue(0, 1000, "x" * 30), Violation("reading-speed", (1,), 0, 30, 20)),
        (Cue(0, 0, "a"), Violation("no-time", (1,), 0, 0, 5 / 6)),
        (Cue(500, 0, "a"), Violation("no-time", (1,), 500, -0.5, 5 / 6)),
        (Cue(0, 1000, " "), Violation("empty", (1,), 0, 0, 1)),
        (Cue(0, 1000, "<i></i>"), Violation("empty", (1,), 0, 0, 1)),
        (Cue(0, 1000, "<i>open"), Violation("markup", (1,), 0, 1, 0)),
        (Cue(0, 1000, r"{\an8}placed"), Violation("markup", (1,), 0, 1, 0)),
    ],
)
def test_a_cue_that_breaks_a_rule_is_told(cue: Cue, found: Violation) -> None:
    assert found in violations([cue])


@pytest.mark.parametrize(
    ("start", "rule", "measured", "allowed"),
    [
        (3040, "gap", 0.04, 1 / 12),
        (3000, "gap", 0, 1 / 12),
        (2500, "overlap", 0.5, 0),
        (500, "order", -0.5, 0),
    ],
)
def test_two_cues_too_close_are_told_by_both_numbers(start: int, rule: str, measured: float, allowed: float) -> None:
    (found,) = violations([FINE, Cue(start, start + 2000, "It was the worst.")])
    assert (found.rule, found.cues, found.at) == (rule, (1, 2), start)
    assert found.measured == pytest.approx(measured)
    assert found.allowed == pytest.approx(allowed)


def test_a_gap_of_two_frames_is_measured_at_the_movie_s_rate() -> None:
    cues = [FINE, Cue(3040, 5000, "It was the worst.")]
    assert rules(cues, clock=frame_clock.clock_of_rate(50)) == set()
    assert rules(cues, clock=frame_clock.clock_of_rate(25)) == {"gap"}


def test_rounding_to_milliseconds_breaks_no_rule() -> None:
    ntsc = frame_clock.clock_of_rate("24000/1001")
    cues = [Cue(ntsc.milliseconds(20 * n), ntsc.milliseconds(20 * n + 18), "Yes, yes.") for n in range(50)]
    assert {found.rule for found in lint(cues, profile_of("en"), ntsc)} == {"too-short"}
    assert rules([Cue(0, ntsc.milliseconds(20), "Yes.")], clock=ntsc) == set()


def test_full_width_characters_are_counted_as_one_and_others_as_half() -> None:
    (found,) = [each for each in violations([Cue(0, 7000, "語" * 16 + "ab")], "ja") if each.rule == "line-length"]
    assert (found.measured, found.allowed) == (17, 16)
    assert rules([Cue(0, 7000, "語" * 15 + "ab")], "ja") == set()


def test_the_bbc_asks_for_time_by_words() -> None:
    (found,) = lint([Cue(0, 1000, "I do so, as I am")], profile_of("en", "bbc"), NO_CLOCK)
    assert (found.rule, found.measured, round(found.allowed, 3)) == ("too-short", 1.0, 1.8)


def test_marks_on_letters_take_no_room() -> None:
    assert rules([Cue(0, 5000, "é" * 42)]) == {"reading-speed"} - {"reading-speed"}


def test_the_share_of_hurried_cues_is_that_of_all() -> None:
    cues = [FINE, Cue(4000, 5000, "x" * 30)]
    assert too_fast_share(cues, violations(cues)) == 0.5
    assert too_fast_share([], []) == 0


def test_violations_come_in_the_cues_order() -> None:
    cues = [Cue(0, 100, "x" * 50), Cue(50, 60, "y"), Cue(5000, 5001, "z")]
    numbers = [found.cues for found in violations(cues)]
    assert numbers == sorted(numbers)


def test_tags_of_other_formats_take_no_time_to_read() -> None:
    coloured = FINE._replace(text='<font color="#ffff00">It was the best of times.</font>')
    assert rules([coloured]) == {"markup"}


def test_a_sign_at_the_top_does_not_overlap_the_speech_below() -> None:
    sign = Cue(500, 4000, "OFFICE", alignment=8)
    assert rules([sign, FINE]) == set()
    assert rules([sign, FINE, sign._replace(start=3900, end=6000)]) == {"overlap"}
