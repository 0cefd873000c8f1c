"""Plans: what a workflow becomes, and each way in which it can fail to hold together."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.errors import ConfigurationError
from pipeline.jobs.plan import PlannedStage, Retries
from pipeline.plan.planner import PlannedWorkflow, plan
from pipeline.policy import ResourceRequest
from pipeline.values import decode, encode

Write = Callable[[str], None]


def planned(catalog: Catalog, **values: Any) -> PlannedWorkflow:
    return plan(catalog.workflow("w"), values, catalog)


def refusal(catalog: Catalog, **values: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as refused:
        planned(catalog, **values)
    return refused.value


def test_a_stage_needs_those_whose_outputs_it_takes_and_those_it_comes_after(catalog: Catalog, write: Write) -> None:
    write("stages:\n  c: {uses: copy, inputs: {file: a.file}, after: [b]}\n  a: {uses: source}\n  b: {uses: source}\n")
    result = planned(catalog)
    assert [stage.name for stage in result.stages] == ["a", "b", "c"]
    assert result.stages[-1].needs == ("a", "b")


def test_stages_stay_in_written_order_where_nothing_decides(catalog: Catalog, write: Write) -> None:
    write(
        "stages:\n  z: {uses: source}\n  late: {uses: copy, inputs: {file: b.file}}\n"
        "  m: {uses: source}\n  b: {uses: source}\n  a: {uses: source}\n"
    )
    assert [stage.name for stage in planned(catalog).stages] == ["z", "m", "b", "late", "a"]


def test_a_fan_out_makes_a_stage_for_each_distinct_value(catalog: Catalog, write: Write) -> None:
    write(
        "stages:\n  s: {uses: source, for_each: [en, $more, en, zh-Hans, 7], parameters: {word: $each}}\n"
        "  c: {uses: copy, inputs: {file: s.file}}\ndeliver: [s.file]\n"
    )
    result = planned(catalog, more=["fr", "en"])
    names = ["s_en", "s_fr", "s_zh_Hans", "s_7"]
    assert [stage.name for stage in result.stages] == [*names, "c"]
    assert [stage.parameters["word"] for stage in result.stages[:-1]] == ["en", "fr", "zh-Hans", 7]
    assert result.stages[-1].inputs["file"] == result.deliver == tuple(f"{name}.file" for name in names)


def test_an_empty_fan_out_leaves_no_stage_and_no_input(catalog: Catalog, write: Write) -> None:
    write("stages:\n  s: {uses: source, for_each: [$l]}\n  c: {uses: copy, inputs: {file: s.file}}\n")
    result = planned(catalog, l=[])
    assert [stage.name for stage in result.stages] == ["c"]
    assert result.stages[0].inputs == {"file": ()}


def test_a_plan_without_any_stage_is_refused(catalog: Catalog, write: Write) -> None:
    write("stages:\n  s: {uses: source, for_each: [$l]}\n")
    assert refusal(catalog, l=[]).message.startswith("config/workflows/w.yaml:1: stages: ")


@pytest.mark.parametrize("value", ["../../etc", "a b", "", "a/b", "x" * 200, "ünï", "a\n", 1.5, None, {"a": 1}, ["b"]])
def test_a_value_that_cannot_be_part_of_a_folder_name_is_refused(catalog: Catalog, write: Write, value: Any) -> None:
    write("stages:\n  s:\n    uses: source\n    for_each: [$l]\n")
    message = refusal(catalog, l=[value]).message
    assert message.startswith("config/workflows/w.yaml:4: stages.s.for_each: ")


SAME_NAMES = [
    ("  s: {uses: source, for_each: [a-b, a_b]}\n", "2: stages.s:", "'s_a_b'"),
    ("  s: {uses: source, for_each: [x]}\n  s_x: {uses: source}\n", "3: stages.s_x:", "'s_x'"),
    ("  s: {uses: source, for_each: [1, '1']}\n", "2: stages.s:", "'s_1'"),
]


@pytest.mark.parametrize(("stages", "where", "name"), SAME_NAMES)
def test_two_stages_of_one_name_are_refused(catalog: Catalog, write: Write, stages: str, where: str, name: str) -> None:
    write(f"stages:\n{stages}")
    message = refusal(catalog).message
    assert message.startswith(f"config/workflows/w.yaml:{where} ")
    assert name in message


def test_parameters_of_the_workflow_fill_those_of_a_stage_also_inside_lists(catalog: Catalog, write: Write) -> None:
    write("stages:\n  s: {uses: source, parameters: {word: $w, list: [$w, {a: $w}, costs $5]}}\n")
    (stage,) = planned(catalog, w="hello").stages
    assert stage.parameters == {"word": "hello", "list": ["hello", {"a": "hello"}, "costs $5"]}


def test_a_parameter_that_is_not_given_has_the_default_of_the_stage(catalog: Catalog, write: Write) -> None:
    write("stages:\n  source: {}\n")
    assert planned(catalog).stages[0].parameters == {"word": "x", "list": []}


def test_a_model_is_filled_from_a_parameter(catalog: Catalog, write: Write) -> None:
    write("stages:\n  recognise: {models: {recognizer: $m}}\n")
    assert planned(catalog, m="any").models == ["any"]


def test_a_slot_that_may_stay_open_has_a_model_where_it_is_given_one(catalog: Catalog, write: Write) -> None:
    write("stages:\n  recognise: {models: {recognizer: any, speakers: $s}}\n")
    assert planned(catalog, s=None).stages[0].models == {"recognizer": "any"}
    assert planned(catalog, s="tiny").stages[0].models == {"recognizer": "any", "speakers": "tiny"}
    write("stages:\n  recognise: {models: {recognizer: any}}\n")
    assert planned(catalog).stages[0].models == {"recognizer": "any"}


VALUES = {"language": "en", "nothing": None, "several": ["a"]}
WRONG_REFERENCES = [
    ("  a: {uses: copy, inputs: {file: b.file}}\n", "2: stages.a.inputs.file:"),
    ("  srce: {}\n", "2: stages.srce:"),
    ("  s: {uses: source}\n  c: {uses: copy, inputs: {file: s.fil}}\n", "3: stages.c.inputs.file:"),
    ("  copy: {}\n", "2: stages.copy:"),
    ("  recognise: {}\n", "2: stages.recognise:"),
    ("  copy: {inputs: {fiel: job.input}}\n", "2: stages.copy.inputs.fiel:"),
    ("  source: {parameters: {wrod: x}}\n", "2: stages.source.parameters.wrod:"),
    ("  source: {parameters: {word: $langage}}\n", "2: stages.source.parameters.word:"),
    ("  source: {parameters: {word: $each}}\n", "2: stages.source.parameters.word:"),
    ("  source: {after: [nobody]}\n", "2: stages.source.after:"),
    ("  recognise: {models: {recognizer: tinny}}\n", "2: stages.recognise.models.recognizer:"),
    ("  recognise: {models: {recognizer: $language}}\n", "2: stages.recognise.models.recognizer:"),
    ("  recognise: {models: {recognizer: $nothing}}\n", "2: stages.recognise.models.recognizer:"),
    ("  recognise: {models: {recognizer: $several}}\n", "2: stages.recognise.models.recognizer:"),
    ("  source: {}\ndeliver: [source.fiel]\n", "3: deliver.0:"),
]


@pytest.mark.parametrize(("stages", "where"), WRONG_REFERENCES)
def test_a_reference_to_nothing_is_refused_with_line_and_key(
    catalog: Catalog, write: Write, stages: str, where: str
) -> None:
    write(f"stages:\n{stages}")
    assert refusal(catalog, **VALUES).message.startswith(f"config/workflows/w.yaml:{where} ")


CIRCLES = [
    ("  a: {uses: copy, inputs: {file: a.file}}\n", "a -> a"),
    ("  a: {uses: source, after: [b]}\n  b: {uses: source, after: [a]}\n", "a -> b -> a"),
    ("  f: {uses: source, for_each: [x], after: [c]}\n  c: {uses: copy, inputs: {file: f.file}}\n", "f_x"),
]


@pytest.mark.parametrize(("stages", "circle"), CIRCLES)
def test_stages_that_wait_for_each_other_are_named(catalog: Catalog, write: Write, stages: str, circle: str) -> None:
    write(f"stages:\n{stages}")
    message = refusal(catalog).message
    assert message.startswith("config/workflows/w.yaml:1: stages: ")
    assert circle in message or " -> ".join(reversed(circle.split(" -> "))) in message


def test_a_plan_is_the_same_each_time(catalog: Catalog, write: Write) -> None:
    write("stages:\n" + "".join(f"  s{n}: {{uses: source, for_each: [a, b]}}\n" for n in range(20)))
    assert planned(catalog) == planned(catalog)


def test_a_whole_number_with_a_point_is_an_integer_in_the_plan(catalog: Catalog, write: Write) -> None:
    write("stages:\n  a: {uses: source, retries: {attempts: 2.0, backoff: 0.5}, resources: {gpus: 1.0, cpus: 1.5}}\n")
    (stage,) = planned(catalog).stages
    assert (stage.retries, stage.resources) == (Retries(2, 0.5), ResourceRequest(cpus=1.5, gpus=1))
    assert decode(encode(stage), PlannedStage) == stage  # as job.json is read
