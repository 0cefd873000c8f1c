"""``pipeline job show``: what each stage does, in a person's words, and its name for other commands."""

import pytest

from tests.conftest import Sandbox
from tests.jobs.helpers import a_stage, stored


@pytest.mark.parametrize(("title", "is_told"), [("Copy the film", True), ("", False)])
def test_what_a_stage_does_stands_before_its_name(sandbox: Sandbox, title: str, is_told: bool) -> None:
    job = stored(sandbox.root / "jobs", stages=[a_stage("copy", title=title)])
    shown = sandbox.give("pipeline", "job", "show", job.id)
    assert shown.code == 0, shown.err
    row = next(line.split() for line in shown.out.splitlines() if " copy " in line)
    assert ("what it does" in shown.out) is is_told
    assert row[: len(title.split()) + 1] == [*title.split(), "copy"]
    assert sandbox.give("pipeline", "job", "show", job.id, "--json").data["stages"][0]["title"] == title
