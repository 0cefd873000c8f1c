import argparse
from collections.abc import Callable
from pathlib import Path

import pytest
from measuring import checkouts, median_ratio, median_ratios


class Sides:
    """Each side takes its own seconds, and says when it runs."""

    def __init__(self) -> None:
        self.order = ""

    def side(self, name: str, seconds: float) -> Callable[[], float]:
        def run() -> float:
            self.order += name
            return seconds

        return run


def test_each_side_is_compared_with_the_bare_run_of_its_round() -> None:
    sides = Sides()
    runs = [sides.side("n", 3.0), sides.side("o", 6.0)]
    assert median_ratios(3, runs, sides.side("b", 2.0)) == [1.5, 3.0]


def test_each_begins_a_round_in_turn_after_all_were_warmed() -> None:
    sides = Sides()
    median_ratios(3, [sides.side("n", 1.0), sides.side("o", 1.0)], sides.side("b", 1.0))
    assert sides.order == "nob" + "nob" + "obn" + "bno"


def test_a_pair_begins_with_either_side_in_turn() -> None:
    sides = Sides()
    assert median_ratio(2, sides.side("n", 1.0), sides.side("b", 2.0), warm=False) == 0.5
    assert sides.order == "nb" + "bn"


def test_a_checkout_without_commands_is_refused_with_the_way_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"ensure_venv \.venv-dev dev\.lock"):
        checkouts(str(tmp_path))
