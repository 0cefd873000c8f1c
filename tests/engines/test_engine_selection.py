"""Which engine does a piece of work: the decision alone, over candidates of any kind."""

import pytest

from pipeline.engines.engine_selection import EngineCandidate, Obstacle, choose
from pipeline.engines.report import messages
from pipeline.errors import NotReady, UsageError
from pipeline.jobs.plan import BetterEngine, EngineDecision

BUILD = Obstacle("environment 'big' isn't ready: it isn't built", "bootstrap --env big", is_reported_later=True)
FETCH = Obstacle("its model isn't here", "download it")
GIST = EngineCandidate("gist", 10, "good for the gist")
GOOD = EngineCandidate("good", 40, model="weights")
BEST = EngineCandidate("best", 50, obstacles=(BUILD, FETCH))


def test_the_best_that_works_now_is_taken_and_a_better_one_says_what_it_lacks() -> None:
    decision = choose("translation", "auto", [GIST, BEST, GOOD])
    assert (decision.engine, decision.candidate.model) == ("good", "weights")
    assert decision.record("weights").better == (
        BetterEngine("best", (BUILD.what, FETCH.what), ("bootstrap --env big", "download it")),
    )


def test_one_that_works_for_sure_goes_before_a_better_one_that_may_not() -> None:
    unsure = EngineCandidate("unsure", 60, doubt="only from en")
    assert choose("translation", "auto", [unsure, GIST]).engine == "gist"
    assert choose("translation", "auto", [unsure]).candidate.doubt == "only from en"


def test_a_named_one_is_taken_although_others_are_better() -> None:
    decision = choose("translation", "gist", [GIST, GOOD])
    assert (decision.engine, decision.better) == ("gist", ())


def test_a_named_one_that_can_never_do_it_says_which_can() -> None:
    with pytest.raises(UsageError, match=r"best .*: it has no such pair") as refused:
        choose("translation", "best", [EngineCandidate("best", 50, never="it has no such pair"), GIST])
    assert "gist" in str(refused.value.next_step)


def test_a_named_one_that_lacks_something_says_all_commands() -> None:
    with pytest.raises(NotReady) as refused:
        choose("translation", "best", [BEST, GIST])
    assert BUILD.what in refused.value.message
    assert FETCH.what in refused.value.message
    assert "bootstrap --env big\ndownload it" in str(refused.value.next_step)


def test_a_name_that_is_no_engine_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match="did you mean 'gist'"):
        choose("translation", "gits", [GIST, GOOD])


def test_work_that_no_engine_does_is_refused_with_each_reason() -> None:
    never = [EngineCandidate("one", 1, never="no pair"), EngineCandidate("two", 2, never="not here")]
    with pytest.raises(UsageError, match=r"\n  one: no pair\n  two: not here"):
        choose("translation", "auto", never)


def test_where_none_works_now_all_ways_to_get_one_are_told() -> None:
    other = EngineCandidate("other", 5, obstacles=(Obstacle("it isn't on PATH", "install other"),))
    with pytest.raises(NotReady) as refused:
        choose("translation", "auto", [BEST, other])
    assert "install other   (for other)" in str(refused.value.next_step)
    assert "download it   (for best)" in str(refused.value.next_step)


def test_the_only_one_that_could_is_named() -> None:
    with pytest.raises(NotReady, match=f"\n  best: {BUILD.what}"):
        choose("translation", "auto", [BEST])


def test_one_that_lacks_only_what_is_told_with_all_else_is_planned_with() -> None:
    soon = EngineCandidate("soon", 5, obstacles=(BUILD,))
    assert choose("translation", "auto", [BEST, soon]).engine == "soon"
    assert choose("translation", "soon", [BEST, soon]).engine == "soon"


def test_a_person_hears_what_was_chosen_and_what_a_better_one_takes() -> None:
    decision = choose("translation", "auto", [GIST, BEST]).record(None)
    assert list(messages([decision, EngineDecision("by the way")])) == [
        "translation: gist, the best engine that can be used on this machine now (good for the gist)",
        f"  best would be better, but {BUILD.what}; {FETCH.what}",
        "    bootstrap --env big",
        "    download it",
        "by the way",
    ]


def test_nothing_is_told_of_an_engine_that_was_named() -> None:
    assert list(messages([choose("translation", "gist", [GIST, BEST]).record(None)])) == []
    assert list(messages([])) == []
