"""What is said of workflows that contradict themselves or their stages, and of parameters that don't fit."""

from typing import Any

import pytest

from pipeline.config.catalog import Catalog
from pipeline.errors import UsageError
from pipeline.plan.languages import normalise
from tests.plan import test_parameters, test_planner
from tests.plan.conftest import catalog, write
from tests.snapshots.test_configuration import titled
from tests.snapshots.words import Compare, Words

__all__ = ["catalog", "write"]  # fixtures

OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("  s: {uses: source, for_each: [$l]}\n", {"l": []}),
    ("  s: {uses: source, for_each: [$l]}\n", {"l": ["../../etc"]}),
    ("  s: {uses: source, when: {sorce: x}}\n", {"source": "x"}),
    ("  a: {uses: source, when: {p: x}}\n  c: {uses: copy, inputs: {file: a.file}}\n", {"p": ""}),
    ("  a: {uses: source, when: $p}\n  c: {uses: copy, inputs: {file: a.file | a.file}}\n", {"p": ""}),
    ('  s: {uses: source, for_each: [es], parameters: {list: "$glossary[$each]"}}\n', {"glossary": {"hi": []}}),
    ('  s: {uses: source, parameters: {list: "$glossary[$each]"}}\n', {"glossary": {}}),
    ("  each: {uses: source}\nparameters: {each: {type: string, default: x}}\n", {}),
    ("  source: {}\nparameters: {p: {type: string}}\ndecide: {p: {kind: recognition, engine: a}}\n", {}),
    ("  s: {uses: source, when: p}\n", {}),
    ("  s: {uses: source, when: {p: {q: r}}}\n", {}),
    ("  s: {uses: source, for_each: x}\n", {}),
    ("  s: {uses: source}\ndeliver: [s]\n", {}),
]
TYPED = [
    ("type: integer", "1.5"),
    ("type: boolean", "maybe"),
    ("type: string", None),
    ("type: string, choices: [small, large]", "smal"),
    ("type: languages, at_most: 1", "es,fr"),
    ("type: languages, at_most: 0", "es"),
    ("type: words, at_least: 1", ","),
    ("type: model", "tinny"),
]


def test_the_words_about_plans(catalog: Catalog, write: test_planner.Write, same_words: Compare) -> None:
    words = Words()
    shared = [(stages, test_planner.VALUES) for stages, *_ in test_planner.WRONG_REFERENCES]
    named: list[tuple[str, dict[str, Any]]] = [
        (stages, {}) for stages, *_ in [*test_planner.SAME_NAMES, *test_planner.CIRCLES[1:]]
    ]
    for stages, values in [*shared, *named, *OTHERS]:
        write(f"stages:\n{stages}")
        words.add_error(titled("a workflow's stages", stages), test_planner.refusal(catalog, **values))
    same_words("plans", words)


def test_the_words_about_parameters(catalog: Catalog, write: test_planner.Write, same_words: Compare) -> None:
    words = Words()
    for declaration, text in TYPED:
        given = [] if text is None else [text]
        title = f"{{{declaration}}}{''.join(f', given {each!r}' for each in given)}"
        words.add_error(title, test_parameters.refusal(catalog, write, declaration, *given))
    for declaration, _ in test_parameters.WRONG_DEFAULTS:
        words.add_error(f"{{{declaration}}}", test_parameters.refusal(catalog, write, declaration))
    for text in ("germn", "xx", "en-US", "hi"):
        with pytest.raises(UsageError) as refused:
            normalise(text, ["de", "en"])
        words.add_error(f"the language {text!r}", refused.value)
    same_words("parameters", words)
