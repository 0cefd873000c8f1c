"""The examples in the docstrings of the Python interface, and those of the page about it."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

from pipeline import Project, stage
from tests.conftest import REPOSITORY

MODULES = ("project", "job", "function_stage", "workflow")


@stage(environment="alpha", inputs=["text"], outputs={"counts": "counts.json"})
def count(text: Path, counts: Path, least: int = 2) -> None:
    import json

    words = [word for word in text.read_text().split() if len(word) >= least]
    counts.write_text(json.dumps({word: words.count(word) for word in words}))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_docstrings_run(project: Project, name: str) -> None:
    module = import_module(f"pipeline.api.{name}")
    names = {"Project": Project, "stage": stage, "project": project, "example": project.root, "count": count}
    failed, tried = 0, 0
    for each in doctest.DocTestFinder().find(module, extraglobs=names):
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(each)
        failed, tried = failed + result.failed, tried + result.attempted
    assert failed == 0
    assert tried or name == "job"


def test_the_examples_of_the_page_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """They build on each other, in a project with the environments ``words`` of the page, called alpha here."""
    page = (REPOSITORY / "docs/how-to/python.md").read_text(encoding="utf-8").replace('"words"', '"alpha"')
    monkeypatch.chdir(project.root)
    examples = re.findall(r"^```pycon\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    text = "\n".join(examples)
    test = doctest.DocTestParser().get_doctest(text, {"__name__": "page"}, "python.md", "python.md", 0)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0
    assert len(examples) >= 5
