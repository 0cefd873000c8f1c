"""Parameter values: typed on a command line, or defaults of the workflow."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import KINDS_OF_VALUES
from pipeline.errors import ConfigurationError, ExitCode, PipelineError, UsageError
from pipeline.plan.parameters import resolve

Write = Callable[[str], None]


def value(catalog: Catalog, write: Write, declaration: str, *given: str) -> Any:
    """What the parameter ``x`` of this declaration becomes."""
    write(f"parameters:\n  x: {{{declaration}}}\nstages: {{source: {{}}}}\n")
    return resolve(catalog.workflow("w"), {"x": given[0]} if given else {}, catalog)["x"]


def refusal(catalog: Catalog, write: Write, declaration: str, *given: str) -> PipelineError:
    with pytest.raises(PipelineError) as refused:
        value(catalog, write, declaration, *given)
    assert refused.value.exit_code == ExitCode.USAGE
    return refused.value


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("string", "as it is", "as it is"),
        ("string", "", ""),
        ("string", "$x", "$x"),
        ("integer", "-5", -5),
        ("number", "1e3", 1000.0),
        ("boolean", "Yes", True),
        ("boolean", "false", False),
        ("language", "EN", "en"),
        ("language", "auto", "auto"),
        ("languages", "fr, eng,fr,", ["fr", "en"]),
        ("languages", "", []),
        ("model", "tiny", "tiny"),
    ],
)
def test_text_becomes_a_value_of_the_type(catalog: Catalog, write: Write, kind: str, text: str, expected: Any) -> None:
    assert value(catalog, write, f"type: {kind}", text) == expected


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1.5"),
        ("integer", ""),
        ("integer", "9" * 5000),
        ("number", "much"),
        ("number", "nan"),
        ("number", "-inf"),
        ("number", "1e999"),
        ("boolean", "maybe"),
    ],
)
def test_text_that_is_of_another_type_is_refused(catalog: Catalog, write: Write, kind: str, text: str) -> None:
    message = refusal(catalog, write, f"type: {kind}", text).message
    assert message.startswith("parameter 'x': ")
    assert message.endswith(KINDS_OF_VALUES[kind])


@pytest.mark.parametrize("kind", ["string", "integer", "number", "boolean", "language", "model"])
def test_a_parameter_without_a_default_must_be_given(catalog: Catalog, write: Write, kind: str) -> None:
    assert "--param x=VALUE" in str(refusal(catalog, write, f"type: {kind}").next_step)


def test_languages_without_a_default_are_an_empty_list(catalog: Catalog, write: Write) -> None:
    assert value(catalog, write, "type: languages") == []


def test_an_unknown_parameter_is_told_with_the_nearest(catalog: Catalog, write: Write) -> None:
    write("parameters:\n  source_language: {type: language}\nstages: {source: {}}\n")
    with pytest.raises(UsageError, match="'source_language'") as refused:
        resolve(catalog.workflow("w"), {"source_langage": "en"}, catalog)
    assert refused.value.next_step == "pipeline workflow show w"


def test_a_value_that_is_none_of_the_choices_is_told_with_the_nearest(catalog: Catalog, write: Write) -> None:
    error = refusal(catalog, write, "type: string, choices: [small, large]", "smal")
    assert error.message.startswith("parameter 'x': 'smal' ")
    assert "'small'" in error.message


def test_choices_of_a_list_hold_for_each_of_its_values(catalog: Catalog, write: Write) -> None:
    assert value(catalog, write, "type: languages, choices: [es, fr]", "fr,es") == ["fr", "es"]
    assert "'de'" in refusal(catalog, write, "type: languages, choices: [es, fr]", "fr,de").message


def test_more_values_than_allowed_are_refused_and_counted_without_repetitions(catalog: Catalog, write: Write) -> None:
    assert value(catalog, write, "type: languages, at_most: 1", "es,spa,es") == ["es"]
    error = refusal(catalog, write, "type: languages, at_most: 1", "es,fr")
    assert "es,fr" in error.message
    assert error.next_step == "pipeline workflow show w"
    assert "es" in refusal(catalog, write, "type: languages, at_most: 0", "es").message


WRONG_DEFAULTS = [
    ("type: language, default: english", "'english'"),
    ("type: model, default: tinny", "'tiny'"),
    ("type: string, default: a, choices: [b]", "'a'"),
    ("type: languages, default: [en, es], at_most: 1", "en,es"),
]


@pytest.mark.parametrize(("declaration", "named"), WRONG_DEFAULTS)
def test_a_default_that_cannot_be_is_the_fault_of_the_file(
    catalog: Catalog, write: Write, declaration: str, named: str
) -> None:
    error = refusal(catalog, write, declaration)
    assert isinstance(error, ConfigurationError)
    assert error.message.startswith("config/workflows/w.yaml:2: parameters.x.default: ")
    assert named in error.message


def test_the_language_is_one_that_the_chosen_model_knows(catalog: Catalog, write: Write) -> None:
    write("parameters:\n  l: {type: language}\n  m: {type: model, default: tiny}\nstages: {source: {}}\n")
    workflow = catalog.workflow("w")
    with pytest.raises(UsageError, match=r"'hi' \(Hindi\)"):
        resolve(workflow, {"l": "hi"}, catalog)
    assert resolve(workflow, {"l": "hi", "m": "any"}, catalog)["l"] == "hi"


def test_a_given_model_that_is_not_there_is_told_with_the_nearest(catalog: Catalog, write: Write) -> None:
    assert "'tiny'" in refusal(catalog, write, "type: model", "tinny").message


@pytest.mark.parametrize(
    ("kind", "text"),
    [("string", "caf\udce9"), ("language", "\udcff"), ("languages", "es,\udcff"), ("words", "a,\udcff")],
)
def test_bytes_that_are_no_text_are_refused(catalog: Catalog, write: Write, kind: str, text: str) -> None:
    assert "isn't UTF-8 text" in refusal(catalog, write, f"type: {kind}", text).message


@pytest.mark.parametrize(
    ("kind", "text"), [("languages", ","), ("languages", "es,,fr"), ("words", " "), ("words", ",a")]
)
def test_an_empty_item_is_refused(catalog: Catalog, write: Write, kind: str, text: str) -> None:
    assert "empty" in refusal(catalog, write, f"type: {kind}", text).message
