"""How a job shows itself in a notebook, with a stand-in for the little of IPython that is used."""

import os
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pipeline import Job, Project
from tests.api.helpers import interrupt_run_of
from tests.conftest import Sandbox


class Page:
    def __init__(self, data: str) -> None:
        self.data = data


class Screen:
    """What a notebook shows: each table as it was first, and as it was updated."""

    def __init__(self) -> None:
        self.pages: list[str] = []

    def display(self, page: Page, display_id: bool) -> "Screen":
        assert display_id
        self.pages.append(page.data)
        return self

    def update(self, page: Page) -> None:
        self.pages.append(page.data)


@pytest.fixture
def shell() -> SimpleNamespace:
    return SimpleNamespace(kernel=object(), execution_count=1)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, shell: SimpleNamespace) -> Screen:
    screen, ipython = Screen(), ModuleType("IPython")
    attributes: dict[str, Any] = {
        "get_ipython": lambda: shell,
        "display": SimpleNamespace(display=screen.display, HTML=Page),
    }
    vars(ipython).update(attributes)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    return screen


def test_a_job_shows_its_stages_and_then_what_it_has_delivered(counting: Job) -> None:
    before = counting._repr_html_()
    assert before
    assert "<td>copy</td><td>waiting</td>" in before
    assert "<li>" not in before
    after = counting.run()._repr_html_()
    assert after
    assert "<td>copy</td><td>finished</td>" in after
    assert f'href="file://{counting.outputs["file"].path}"' in after


def test_names_are_escaped(project: Project, ready: Sandbox) -> None:
    job = project.prepare("counting", ready.write("<b>&'\".txt", "x\n")).run()
    shown = job._repr_html_()
    assert shown
    assert "<b>&" not in shown
    assert "&lt;b&gt;&amp;" in shown
    assert "%3Cb%3E%26" in shown


def test_a_name_that_is_no_text_is_shown(project: Project, ready: Sandbox) -> None:
    file = ready.root / os.fsdecode(b"film\xff.txt")
    file.write_text("x\n")
    shown = project.prepare("counting", file).run()._repr_html_()
    assert shown
    assert "film%FF.copy.txt" in shown
    assert shown.isascii()


def test_while_it_runs_the_table_is_kept_up_to_date(screen: Screen, shell: SimpleNamespace, counting: Job) -> None:
    counting.run()
    assert "waiting" in screen.pages[0]
    assert "<li>file" in screen.pages[-1]
    assert counting._repr_html_() is None  # the cell shows it already
    shell.execution_count = 2
    assert counting._repr_html_()


def test_the_table_of_a_run_that_is_interrupted_says_so(screen: Screen, sleeping: Job) -> None:
    interrupt_run_of(sleeping)
    assert ", interrupted, " in screen.pages[-1]


def test_in_a_terminal_nothing_is_shown(screen: Screen, shell: SimpleNamespace, counting: Job) -> None:
    shell.kernel = None
    counting.run()
    assert screen.pages == []


def test_of_very_many_stages_the_first_are_shown(project: Project, ready: Sandbox, text: Any) -> None:
    ready.workflow("many", "\n".join(f"s{number}: {{uses: noop}}" for number in range(210)))
    shown = project.prepare("many", text)._repr_html_()
    assert shown
    assert "and 10 more stages" in shown
