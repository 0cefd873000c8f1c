"""Cues from elsewhere are put right, and each repair is reported."""

import pytest
from subtitling.cue_repair import CueRepair, repair
from subtitling.cues import Cue

A, B, C = Cue(1000, 3000, "a"), Cue(4000, 6000, "b"), Cue(7000, 9000, "c")


@pytest.mark.parametrize(
    ("cues", "expected", "repairs"),
    [
        ([A, B, C], [A, B, C], []),
        ([B, A], [A, B], [CueRepair("order", (2,))]),
        ([A, Cue(2600, 5000, "x")], [Cue(1000, 2600, "a"), Cue(2600, 5000, "x")], [CueRepair("overlap", (1, 2))]),
        ([A, Cue(1000, 2900, "x")], [Cue(1000, 3000, "x\na")], [CueRepair("together", (2, 1))]),
        ([A, Cue(2500, 5000, "a")], [Cue(1000, 5000, "a")], [CueRepair("twice", (1, 2))]),
        ([A, Cue(3500, 3600, "<i></i>"), B], [A, B], [CueRepair("empty", (2,))]),
        ([Cue(1000, 1000, "a")], [Cue(1000, 1500, "a")], [CueRepair("no-time", (1,))]),
    ],
)
def test_cues_are_repaired_and_each_repair_is_reported(
    cues: list[Cue], expected: list[Cue], repairs: list[CueRepair]
) -> None:
    assert repair(cues) == (expected, repairs)


SIGN = Cue(5129, 10_092, "OFFICE", alignment=8)


@pytest.mark.parametrize(
    ("cues", "repairs"),
    [
        ([SIGN, Cue(5338, 6339, "I don't."), Cue(6340, 9111, "You should.")], []),
        ([Cue(1000, 6000, "A long speech"), Cue(2000, 3000, "Oh!")], [CueRepair("at-once", (1, 2))]),
        ([Cue(1000, 6000, "One speaks"), Cue(3000, 8000, "so does another")], [CueRepair("at-once", (1, 2))]),
        ([Cue(1000, 9000, "A sign below"), Cue(1000, 3000, "Speech")], [CueRepair("at-once", (2, 1))]),
    ],
)
def test_what_is_shown_beside_something_else_keeps_its_times(cues: list[Cue], repairs: list[CueRepair]) -> None:
    assert repair(cues) == (sorted(cues, key=lambda cue: (cue.start, cue.end)), repairs)
