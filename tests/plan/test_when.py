"""Stages that are there only for some wishes, inputs with alternatives, and what ``$names`` stand for."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.config.conditions import Condition, conditions
from pipeline.errors import ConfigurationError, UsageError
from pipeline.plan.parameters import resolve
from pipeline.plan.planner import PlannedWorkflow, plan

Write = Callable[[str], None]


def planned(catalog: Catalog, **values: Any) -> PlannedWorkflow:
    return plan(catalog.workflow("w"), values, catalog)


def names(catalog: Catalog, **values: Any) -> list[str]:
    return [stage.name for stage in planned(catalog, **values).stages]


def refusal(catalog: Catalog, **values: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as refused:
        planned(catalog, **values)
    return refused.value


@pytest.mark.parametrize(
    ("when", "value", "is_there"),
    [
        ("$p", "x", True),
        ("$p", "", False),
        ("$p", [], False),
        ("$p", False, False),
        ("{p: x}", "x", True),
        ("{p: x}", "y", False),
        ("{p: [x, y]}", "y", True),
        ("{p: x}", ["w", "x"], True),
        ("{p: x}", ["w"], False),
        ("{p: ''}", "", True),
        ("{p: true}", True, True),
        ("{p: true}", 1, False),
        ("{p.engine: x}", {"engine": "x"}, True),
        ("{p.engine: x}", {"engine": "y"}, False),
    ],
)
def test_a_stage_is_there_when_its_condition_holds(
    catalog: Catalog, write: Write, when: str, value: Any, is_there: bool
) -> None:
    write(f"stages:\n  always: {{uses: source}}\n  s: {{uses: source, when: {when}}}\n")
    assert names(catalog, p=value) == ["always", *(["s"] if is_there else [])]


def test_all_conditions_of_a_stage_must_hold(catalog: Catalog, write: Write) -> None:
    write("stages:\n  always: {uses: source}\n  s: {uses: source, when: {p: x, q: y}}\n")
    assert names(catalog, p="x", q="z") == ["always"]
    assert names(catalog, p="x", q="y") == ["always", "s"]


def test_a_condition_on_what_is_no_parameter_is_told_with_its_line(catalog: Catalog, write: Write) -> None:
    write("stages:\n  s:\n    uses: source\n    when: {sorce: x}\n")
    message = refusal(catalog, source="x").message
    assert message.startswith("config/workflows/w.yaml:4: stages.s.when: ")
    assert "'source'" in message


def test_an_input_takes_the_first_of_its_alternatives_that_is_there(catalog: Catalog, write: Write) -> None:
    write(
        "stages:\n  a: {uses: source, when: {p: a}}\n  b: {uses: source, when: {p: b}}\n"
        "  c: {uses: copy, inputs: {file: a.file | b.file}}\n"
    )
    assert planned(catalog, p="a").stages[-1].inputs == {"file": ("a.file",)}
    assert planned(catalog, p="b").stages[-1].inputs == {"file": ("b.file",)}
    assert planned(catalog, p="b").stages[-1].needs == ("b",)


def test_an_input_without_any_of_its_alternatives_is_told(catalog: Catalog, write: Write) -> None:
    write(
        "stages:\n  a: {uses: source, when: $p}\n  b: {uses: source, when: $p}\n"
        "  c: {uses: copy, inputs: {file: a.file | b.file}}\n"
    )
    message = refusal(catalog, p="").message
    assert message.startswith("config/workflows/w.yaml:4: stages.c.inputs.file: ")
    assert "a.file | b.file" in message


def test_an_input_from_a_stage_that_is_left_out_says_by_which_condition(catalog: Catalog, write: Write) -> None:
    write("stages:\n  a: {uses: source, when: {p: x}}\n  c: {uses: copy, inputs: {file: a.file}}\n")
    message = refusal(catalog, p="").message
    assert message.startswith("config/workflows/w.yaml:3: stages.c.inputs.file: 'a' ")
    assert "$p is x" in message


def test_each_member_of_a_fan_out_finds_its_own_alternative(catalog: Catalog, write: Write) -> None:
    write(
        "stages:\n  origin: {uses: source}\n"
        "  one: {uses: copy, for_each: [$engines.one], inputs: {file: origin.file}}\n"
        "  two: {uses: copy, for_each: [$engines.two], inputs: {file: origin.file}}\n"
        "  cues:\n    uses: copy\n    for_each: [en, $targets]\n"
        '    inputs: {file: "one[$each].file | two[$each].file | origin.file"}\n'
    )
    found = planned(catalog, targets=["es", "hi", "fr"], engines={"one": ["hi"], "two": ["es", "fr"]})
    assert {stage.name: stage.inputs["file"] for stage in found.stages if stage.name.startswith("cues")} == {
        "cues_en": ("origin.file",),
        "cues_es": ("two_es.file",),
        "cues_hi": ("one_hi.file",),
        "cues_fr": ("two_fr.file",),
    }


def test_what_an_absent_stage_would_deliver_is_left_out(catalog: Catalog, write: Write) -> None:
    write(
        "stages:\n  a: {uses: source, when: $p}\n  b: {uses: source}\n"
        "deliver: [a.file, {output: b.file, when: {formats: srt}, beside: true}]\n"
    )
    assert planned(catalog, p="", formats=["vtt"]).deliver == ()
    both = planned(catalog, p="x", formats=["vtt", "srt"])
    assert (both.deliver, both.beside) == (("a.file", "b.file"), ("b.file",))


def test_a_stage_comes_after_an_absent_one_all_the_same(catalog: Catalog, write: Write) -> None:
    write("stages:\n  a: {uses: source, when: $p}\n  b: {uses: source, after: [a]}\n")
    assert names(catalog, p="") == ["b"]


def test_the_slots_of_an_absent_stage_are_checked(catalog: Catalog, write: Write) -> None:
    write("stages:\n  a: {uses: copy, when: $p}\n  b: {uses: source}\n")
    message = refusal(catalog, p="").message
    assert message.startswith("config/workflows/w.yaml:2: stages.a: ")
    assert "'file'" in message


def test_a_fan_out_picks_what_is_its_own_from_a_mapping(catalog: Catalog, write: Write) -> None:
    write(
        "stages:\n  s:\n    uses: source\n    for_each: [es, hi]\n"
        '    parameters: {word: $input.rate, list: "$glossary[$each]"}\n'
    )
    found = planned(catalog, glossary={"es": ["a"], "hi": ["b"]}, input={"rate": "25/1"})
    assert [stage.parameters for stage in found.stages] == [
        {"word": "25/1", "list": ["a"]},
        {"word": "25/1", "list": ["b"]},
    ]


def test_a_mapping_without_an_entry_for_a_member_is_told(catalog: Catalog, write: Write) -> None:
    write('stages:\n  s: {uses: source, for_each: [es], parameters: {list: "$glossary[$each]"}}\n')
    message = refusal(catalog, glossary={"hi": []}).message
    assert message.startswith("config/workflows/w.yaml:2: stages.s.parameters.list: 'glossary' ")
    assert "'es'" in message


def test_picking_by_a_value_needs_a_fan_out(catalog: Catalog, write: Write) -> None:
    write('stages:\n  s: {uses: source, parameters: {list: "$glossary[$each]"}}\n')
    message = refusal(catalog, glossary={}).message
    assert message.startswith("config/workflows/w.yaml:2: stages.s.parameters.list: $glossary[$each] ")


def test_every_part_of_what_is_not_given_is_empty(catalog: Catalog, write: Write) -> None:
    write("stages:\n  s: {uses: source, parameters: {word: $subtitles.track}}\n")
    assert planned(catalog, subtitles={}).stages[0].parameters["word"] == ""


def test_the_disk_that_stages_say_they_need_is_summed_over_those_that_are_there(catalog: Catalog, write: Write) -> None:
    write(
        "stages:\n  a: {uses: source, disk: {per_second: 32 kB}}\n"
        "  b: {uses: source, for_each: [x, y], disk: {of_input: 1.5}}\n"
        "  c: {uses: source, when: $p, disk: {of_input: 9}}\n"
    )
    disk = planned(catalog, p="").disk
    assert (disk.per_second, disk.of_input) == (32_000, 3.0)


@pytest.mark.parametrize("name", ["each", "input"])
def test_a_parameter_cannot_be_named_as_what_is_always_there(catalog: Catalog, write: Write, name: str) -> None:
    write(f"parameters: {{{name}: {{type: string, default: x}}}}\nstages:\n  s: {{uses: source}}\n")
    assert refusal(catalog).message.startswith(f"config/workflows/w.yaml:1: parameters.{name}: ")


def test_a_decision_cannot_be_named_as_a_parameter_is(catalog: Catalog, write: Write) -> None:
    write(
        "parameters: {p: {type: string, default: x}}\ndecide: {p: {kind: recognition, engine: auto}}\n"
        "stages:\n  s: {uses: source}\n"
    )
    assert refusal(catalog).message.startswith("config/workflows/w.yaml:2: decide.p: ")


@pytest.mark.parametrize("when", ["p", "$", "{}", "[x]", "{p: []}", "{p: {q: r}}"])
def test_a_condition_of_another_form_is_refused(catalog: Catalog, write: Write, when: str) -> None:
    write(f"stages:\n  s: {{uses: source, when: {when}}}\n")
    assert refusal(catalog).message.startswith("config/workflows/w.yaml:2: stages.s.when")


def test_a_list_that_needs_values_gets_some(catalog: Catalog, write: Write) -> None:
    write("parameters: {p: {type: words, at_least: 1, choices: [a, b]}}\nstages:\n  s: {uses: source}\n")
    assert resolve(catalog.workflow("w"), {"p": "a, b,a"}, catalog) == {"p": ["a", "b"]}
    for given in ({}, {"p": ","}):
        with pytest.raises(UsageError, match="'p' of workflow 'w'") as refused:
            resolve(catalog.workflow("w"), given, catalog)
        assert "--param p=VALUE" in str(refused.value.next_step)
    with pytest.raises(UsageError, match="'c'"):
        resolve(catalog.workflow("w"), {"p": "a,c"}, catalog)


def test_a_condition_says_itself_in_words() -> None:
    assert list(map(str, conditions({"p": ["a", "b"], "q": "", "r": True}))) == [
        "$p is a or b",
        "$q is ''",
        "$r is true",
    ]
    assert str(Condition("p")) == "$p"


LISTED = (
    "parameters:\n  kinds: {type: words, default: [srt], choices: [srt, ass]}\n  free: {type: words, default: [srt]}\n"
)


@pytest.mark.parametrize(("kinds", "has_it"), [(["ass"], True), (["srt", "ass"], True), (["srt"], False), ([], False)])
def test_a_parameter_says_whether_a_list_of_choices_has_one(
    catalog: Catalog, write: Write, kinds: list[str], has_it: bool
) -> None:
    write(f"{LISTED}stages:\n  s: {{uses: source, parameters: {{word: $kinds.ass}}}}\n")
    (stage,) = planned(catalog, kinds=kinds, free=[]).stages
    assert stage.parameters["word"] is has_it


def test_a_choice_that_there_is_not_is_told_with_one_that_is_near(catalog: Catalog, write: Write) -> None:
    write(f"{LISTED}stages:\n  s:\n    uses: source\n    parameters: {{word: $kinds.as}}\n")
    message = refusal(catalog, kinds=["ass"], free=[]).message
    assert message.startswith("config/workflows/w.yaml:7: stages.s.parameters.word: 'kinds' can't have 'as'")
    assert "ass" in message


def test_a_list_of_any_words_has_no_such_parts(catalog: Catalog, write: Write) -> None:
    write(f"{LISTED}stages:\n  s: {{uses: source, parameters: {{word: $free.srt}}}}\n")
    assert "'free' has no 'srt'" in refusal(catalog, kinds=[], free=["srt"]).message
