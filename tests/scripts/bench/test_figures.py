import argparse
import json

import figures
import pytest
from figures import Figures
from measuring import Failed


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    figures.add_options(parser)
    return parser.parse_args(words)


def fail() -> float:
    raise Failed("there is no ffmpeg")


def test_what_could_not_be_measured_is_named_and_is_not_a_success(capsys: pytest.CaptureFixture[str]) -> None:
    measured = Figures()
    measured.measure("mux_ratio", fail)
    measured.measure("demux_ratio", lambda: 0.5)
    assert measured.end(options("--json")) == figures.NOT_MEASURED
    shown, said = capsys.readouterr()
    assert json.loads(shown)["mux_ratio"] is None
    assert json.loads(shown)["notes"] == {"mux_ratio": "there is no ffmpeg"}
    assert said.splitlines()[-1] == "could not be measured: mux_ratio"


def test_of_figures_that_are_measured_together_none_is_lost() -> None:
    measured = Figures()
    measured.measure_all(["explain_s", "explain_ratio"], lambda: {"all": fail()})
    assert measured.missing == ["explain_s", "explain_ratio"]


def test_a_part_that_fails_before_its_figures_is_missing_and_the_next_one_goes_on() -> None:
    measured = Figures()
    with measured.part("media"):
        fail()
    measured.measure("chain20", lambda: 1.0)
    assert (measured.missing, measured.values["chain20"]) == (["media"], 1.0)


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--check",), figures.LIMIT_MISSED)])
def test_a_missed_limit_is_a_failure_only_where_it_is_checked(words: tuple[str, ...], code: int) -> None:
    measured = Figures(limits={"one_stage": 1.7})
    measured.measure("one_stage", lambda: 1.71)
    assert (measured.above_limit, measured.end(options(*words))) == (["one_stage"], code)


def test_a_limit_that_is_reached_exactly_is_kept() -> None:
    measured = Figures(limits={"one_stage": 1.7})
    measured.measure("one_stage", lambda: 1.7)
    assert measured.end(options("--check")) == 0


def test_what_is_missing_counts_for_more_than_a_missed_limit() -> None:
    measured = Figures(limits={"one_stage": 1.7})
    measured.measure("one_stage", lambda: 2.0)
    measured.measure("chain20", fail)
    assert measured.end(options("--check")) == figures.NOT_MEASURED


def test_an_older_build_has_a_column_and_no_limit(capsys: pytest.CaptureFixture[str]) -> None:
    measured = Figures(limits={"one_stage": 1.7})
    measured.measure_builds("one_stage", lambda: [1.5, 2.6])
    measured.measure("chain20", lambda: 1.0)
    assert measured.end(options("--check")) == 0
    head, one_stage, chain20 = capsys.readouterr().out.splitlines()
    assert head.split() == ["figure", "this", "build", "older", "build", "wanted", "note"]
    assert (one_stage.split(), chain20.split()) == (["one_stage", "1.5", "2.6", "≤", "1.7"], ["chain20", "1"])


def test_a_build_alone_has_no_older_column(capsys: pytest.CaptureFixture[str]) -> None:
    measured = Figures()
    measured.measure_builds("one_stage", lambda: [1.5])
    assert measured.end(options()) == 0
    assert "older" not in capsys.readouterr().out
