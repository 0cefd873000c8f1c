"""How far a run is, and how long it will take."""

import pytest

from pipeline.cli.run_progress import RunProgress, spoken

EXPECTED = {("a", "one"): 10.0, ("a", "two"): 30.0, ("b", "one"): 60.0}


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_the_time_left_is_known_from_the_first_second_where_stages_ran_before() -> None:
    assert RunProgress(dict(EXPECTED), is_known=True).seconds_left == 100.0
    assert RunProgress(dict(EXPECTED), is_known=False).seconds_left is None


def test_the_runs_own_speed_counts_once_there_is_one() -> None:
    clock = Clock()
    progress = RunProgress(dict(EXPECTED), is_known=False, now=clock)
    progress.started()
    clock.seconds = 20.0
    progress.reached(("a", "one"), 1.0)
    assert progress.share == 0.1
    assert progress.seconds_left == pytest.approx(180.0)


def test_a_guess_is_told_as_one_until_the_run_has_a_speed_of_its_own() -> None:
    clock = Clock()
    progress = RunProgress(dict(EXPECTED), is_known=False, is_guess=True, now=clock)
    assert progress.spoken_left == "about 2 min left"
    progress.started()
    clock.seconds = 20.0
    progress.reached(("a", "one"), 1.0)
    assert progress.spoken_left == "3 min left"


def test_the_time_left_goes_on_with_the_clock_until_it_was_wrong() -> None:
    clock = Clock()
    progress = RunProgress(dict(EXPECTED), is_known=True, now=clock)
    progress.started()
    clock.seconds = 30.0
    assert progress.seconds_left == 70.0
    clock.seconds = 101.0
    assert progress.spoken_left == ""


def test_the_time_left_fits_the_share_that_is_shown_of_a_stage_that_reports_nothing() -> None:
    clock = Clock()
    progress = RunProgress(dict(EXPECTED), is_known=True, now=clock)
    progress.started()
    progress.job_ended("b")
    progress.reached(("a", "one"), 1.0)
    clock.seconds = 70.0
    progress.started(("a", "two"))
    clock.seconds = 98.5
    assert progress.share == pytest.approx(0.985)
    assert progress.seconds_left == pytest.approx(1.5 * 98.5 / 70)


def test_films_that_have_no_job_yet_take_as_long_as_the_others() -> None:
    progress = RunProgress(dict(EXPECTED), is_known=True, left=2)
    assert progress.seconds_left == 200.0
    progress.job_ended("a")
    progress.job_ended("b")
    assert progress.share == 0.5


def test_what_was_done_before_says_nothing_of_the_speed() -> None:
    clock = Clock()
    progress = RunProgress(dict(EXPECTED), is_known=True, now=clock)
    progress.reused(("b", "one"))
    progress.started()
    clock.seconds = 5.0
    assert progress.seconds_left == 35.0
    progress.reached(("a", "one"), 0.5)
    assert progress.seconds_left == pytest.approx(35.0)
    progress.reached(("a", "one"), 0.2)  # no step back
    assert progress.share == 0.65


def test_a_job_that_has_ended_is_done() -> None:
    progress = RunProgress(dict(EXPECTED), is_known=True)
    progress.job_ended("a")
    progress.job_ended("b")
    assert (progress.share, progress.seconds_left) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (29, "29 s"), (90, "2 min"), (3600, "1 h 00 min"), (5400, "1 h 30 min")]
)
def test_times_are_told_in_few_words(seconds: float, text: str) -> None:
    assert spoken(seconds) == text
