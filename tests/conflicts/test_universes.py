"""What is promised of every conflict, tried on many that nobody has thought of."""

from itertools import combinations

import pytest
from hypothesis import given, settings

from pipeline.conflicts.conflicting_lines import Compatibility, explain
from pipeline.conflicts.resolver import DependencyResolver, Question
from pipeline.conflicts.sides import Line, Side
from tests.conflicts.conftest import OWN, Universe
from tests.conflicts.universes import Exhaustive, Requires, asked, universes
from tests.conftest import examples


def solved(resolver: DependencyResolver, lines: "tuple[Line, ...] | list[Line]", free: str = "") -> bool:
    return not lines or resolver.ask(Question(tuple(lines), OWN, free)).is_solved


def explained(requires: Requires, lines: list[Line]) -> tuple[Compatibility, Exhaustive]:
    resolver = Exhaustive(requires)
    return explain([Side("all", tuple(lines))], resolver, OWN), resolver


@given(universes(), asked())
@settings(max_examples=examples(30), deadline=None)
def test_there_is_a_conflict_exactly_where_there_is_no_solution(requires: Requires, lines: list[Line]) -> None:
    explanation, resolver = explained(requires, lines)
    assert (explanation.conflict is None) == solved(resolver, lines)


@given(universes(), asked())
@settings(max_examples=examples(30), deadline=None)
def test_the_lines_of_a_conflict_have_no_solution_and_any_fewer_have_one(requires: Requires, lines: list[Line]) -> None:
    explanation, resolver = explained(requires, lines)
    if explanation.conflict:
        core = explanation.conflict.lines
        assert not solved(resolver, core)
        assert all(solved(resolver, fewer) for size in range(len(core)) for fewer in combinations(core, size))


@given(universes(), asked())
@settings(max_examples=examples(30), deadline=None)
def test_every_edit_gives_a_solution_with_the_version_it_names(requires: Requires, lines: list[Line]) -> None:
    explanation, resolver = explained(requires, lines)
    if explanation.conflict:
        whole = explanation.conflict.lines if explanation.conflict.others_remain else lines
        for edit in explanation.conflict.edits:
            edited = [line if line is not edit.line else Line(edit.text, line.where) for line in whole]
            answer = resolver.ask(Question(tuple(edited), OWN))
            assert answer.packages[edit.line.name].version == edit.version


@given(universes(), asked())
@settings(max_examples=examples(30), deadline=None)
def test_the_package_of_a_clash_is_what_stands_between_the_lines(requires: Requires, lines: list[Line]) -> None:
    explanation, resolver = explained(requires, lines)
    if explanation.conflict and explanation.conflict.package:
        conflict = explanation.conflict
        assert solved(resolver, conflict.lines, free=conflict.package)
        assert {chain.package for chain in conflict.chains} == {conflict.package}


@pytest.mark.parametrize("seed", range(3))
def test_the_real_resolver_finds_what_trying_everything_finds(universe: Universe, seed: int) -> None:
    requires: Requires = {
        ("aa", "1.0"): ("bb", "cc<2"),
        ("aa", "2.0"): ("bb>=2", "cc<3"),
        ("aa", "3.0"): ("bb>=3",),
        ("bb", "1.0"): ("dd<3",),
        ("bb", "2.0"): ("cc!=2.0",),
        ("bb", "3.0"): ("cc>=3", "dd"),
        **{(name, version): () for name in ("cc", "dd") for version in ("1.0", "2.0", "3.0")},
    }
    for (name, version), needed in requires.items():
        universe.add(name, version, *needed)
    texts = (("aa>=2", "cc<2"), ("aa<3", "bb==3.0", "dd"), ("aa==1.0", "bb>=2", "cc"))[seed]
    lines = [Line(text, f"file:{number}") for number, text in enumerate(texts, 1)]
    expected, _ = explained(requires, lines)
    found = explain([Side("all", tuple(lines))], universe.resolver(), OWN)
    assert (found.conflict is None) == (expected.conflict is None)
    if found.conflict and expected.conflict:
        assert {line.text for line in found.conflict.lines} == {line.text for line in expected.conflict.lines}
        assert {edit.text for edit in found.conflict.edits} == {edit.text for edit in expected.conflict.edits}
