import math
from array import array

import pytest
from soundtrack import levels


def test_a_level_is_relative_to_the_loudest_sample() -> None:
    assert levels.level(array("h", [16384, -16384])) == pytest.approx(-6.02, abs=0.01)
    assert levels.level(array("h", [0, 0])) == levels.SILENCE


def test_each_frame_has_a_level_and_so_has_the_rest() -> None:
    assert len(levels.frame_levels(array("h", [100] * 1700), 16_000)) == 3


def test_the_width_of_a_range_ends_where_more_is_not_better() -> None:
    assert levels.level_range([-80.0] * 50 + [-10.0] * 50) == levels.LevelRange(-10.0, levels.WIDEST)


def test_power_is_the_inverse_of_a_level() -> None:
    assert levels.power(-3) == pytest.approx(0.5, abs=0.01)
    assert levels.power(levels.SILENCE) == 0
    assert math.isclose(levels.power(0), 1)
