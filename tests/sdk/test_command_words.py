"""Placeholders: what they become as words, in a shell's text and in variables."""

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sdk import command_words
from pipeline.sdk.command_words import TemplateError, ValueUnusable

VALUES: dict[str, Any] = {
    "text": "a b",
    "list": ["x", "-y z"],
    "empty": [],
    "null": None,
    "true": True,
    "false": False,
    "number": 1.5,
    "mapping": {"ä": [1]},
}


def look(kind: str, name: str) -> Any:
    return VALUES[name] if kind == "parameter" else f"/{kind}/{name}"


@pytest.mark.parametrize(
    ("templates", "expected"),
    [
        (["a", "{parameter.text}"], ["a", "a b"]),
        (["{input.x.y}"], ["/input/x.y"]),
        (["{parameter.list}"], ["x", "-y z"]),
        (["-i", "{parameter.list}"], ["-i", "x", "-y z"]),
        (["-i", "{parameter.empty}", "z"], ["z"]),
        (["-i", "{parameter.null}", "z"], ["z"]),
        (["-i", "{parameter.false}", "z"], ["z"]),
        (["-i", "{parameter.true}", "z"], ["-i", "z"]),
        (["a", "{parameter.null}"], ["a"]),
        (["a", "{parameter.true}"], ["a", "true"]),
        (["--", "{parameter.null}"], ["--"]),
        (["-", "{parameter.null}"], ["-"]),
        (["-{parameter.number}", "{parameter.null}"], ["-1.5"]),
        (["-a", "{parameter.true}", "{parameter.null}"], ["-a"]),
        (["--x={parameter.null}", "b"], ["b"]),
        (["--x={parameter.false}"], ["--x=false"]),
        (["{parameter.mapping}"], ['{"ä": [1]}']),
        (["{{{parameter.number}}}", "{{}}"], ["{1.5}", "{}"]),
        (["}", "{cpus}"], ["}", "/cpus/"]),
    ],
)
def test_words(templates: list[str], expected: list[str]) -> None:
    assert command_words.words(templates, look) == expected


@pytest.mark.parametrize("template", ["x{parameter.list}", "{parameter.text}{parameter.empty}"])
def test_a_list_is_no_part_of_a_word(template: str) -> None:
    with pytest.raises(ValueUnusable, match="by itself"):
        command_words.words([template], look)


@pytest.mark.parametrize("text", ["{", "a {b", "{}", "{x}", "{input}", "{input.}", "{.x}", "{cpus.x}", "{ cpus }"])
def test_what_is_no_placeholder_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        command_words.parse(text)


def test_a_shell_gets_quoted_values() -> None:
    text = "a {parameter.list} {parameter.null} {parameter.true} {{x}} {parameter.empty}."
    assert command_words.shell_text(text, look) == "a x '-y z' '' true {x} ."


def test_a_variable_without_a_value_is_not_set() -> None:
    assert command_words.variable_text("a{parameter.number}", look) == "a1.5"
    assert command_words.variable_text("a{parameter.null}", look) is None


@given(st.text())
def test_any_value_is_one_word_of_a_shell(value: str) -> None:
    quoted = command_words.shell_text("x {parameter.v}", lambda *_: value)
    assert shlex.split(quoted) == ["x", value]


@given(st.text())
def test_any_text_whose_braces_are_doubled_is_itself(text: str) -> None:
    assert command_words.words([text.replace("{", "{{").replace("}", "}}")], look) == [text]
