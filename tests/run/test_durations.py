"""What stages took, kept for the next run; an estimate that may be wrong and does no harm."""

from pathlib import Path

import pytest

from pipeline.project import ProjectFolder
from pipeline.run.durations import UNKNOWN, Durations
from pipeline.run.fanout import members
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST, stored
from tests.run.helpers import fan_out, link


@pytest.fixture
def project(sandbox: Sandbox) -> ProjectFolder:
    return ProjectFolder(sandbox.root)


def durations(project: ProjectFolder, workflow: str = "copy") -> Durations:
    return Durations(project, stored(project.jobs, workflow=workflow))


def test_what_a_stage_took_is_expected_of_it_next_time(project: ProjectFolder) -> None:
    known = durations(project)
    known.took(link("one"), 12.3456)
    known.save()
    assert durations(project).expected(link("one")) == 12.346


def test_what_is_not_known_is_as_the_stage_says_or_one(project: ProjectFolder) -> None:
    known = durations(project)
    assert known.expected(link("one")) == UNKNOWN
    assert known.expected(link("one", expected_seconds=30)) == 30


def test_what_a_workflow_says_of_the_input_s_length_is_a_guess_until_the_stage_has_run(project: ProjectFolder) -> None:
    about = {"path": "/films/a.mkv", "size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": 600.0}
    known = Durations(project, stored(project.jobs, input=about))
    asked = link("one", expected_per_second=0.2, expected_seconds=3)
    assert (known.expected(asked), known.is_guessed(asked)) == (123.0, True)
    known.took(asked, 90)
    known.save()
    known = Durations(project, stored(project.jobs, input=about))
    assert (known.expected(asked), known.is_guessed(asked)) == (90, False)
    of_a_text = Durations(project, stored(project.jobs, input={**about, "duration_s": None}))
    assert not of_a_text.is_guessed(link("other", expected_per_second=0.2))


def test_what_is_known_goes_before_what_the_stage_says(project: ProjectFolder) -> None:
    known = durations(project)
    known.took(link("one"), 5)
    known.save()
    assert durations(project).expected(link("one", expected_seconds=30)) == 5


def test_members_of_a_fan_out_count_as_one_stage(project: ProjectFolder) -> None:
    known = durations(project)
    known.took(members(fan_out("part"), ["a", "b", "c"])[2], 5)
    known.save()
    assert durations(project).expected(fan_out("part")) == 5


def test_workflows_and_stage_files_are_told_apart(project: ProjectFolder) -> None:
    known = durations(project)
    known.took(link("one"), 5)
    known.save()
    assert durations(project, "other").expected(link("one")) == UNKNOWN
    assert durations(project).expected(link("one", uses="join")) == UNKNOWN


def test_what_others_wrote_stays(project: ProjectFolder) -> None:
    for name in ("one", "two"):
        known = durations(project)
        known.took(link(name), 5)
        known.save()
    assert [durations(project).expected(link(name)) for name in ("one", "two")] == [5, 5]


def test_what_takes_no_time_is_not_worth_a_file(project: ProjectFolder) -> None:
    known = durations(project)
    known.took(link("one"), 0.01)
    known.save()
    assert not (project.cache / "durations").exists()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"copy/one": "long"}', '{"copy/one": -1}', '{"copy/one": NaN}', '{"copy/one": Infinity}'],
)
def test_a_damaged_file_is_as_none(project: ProjectFolder, content: str) -> None:
    file = project.cache / "durations/copy.json"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    known = durations(project)
    assert known.expected(link("one")) == UNKNOWN
    known.took(link("one"), 5)
    known.save()
    assert durations(project).expected(link("one")) == 5


def test_a_folder_that_can_not_be_made_costs_an_estimate(project: ProjectFolder) -> None:
    project.cache.mkdir()
    Path(project.cache / "durations").write_text("in the way")
    known = durations(project)
    known.took(link("one"), 5)
    known.save()
    assert durations(project).expected(link("one")) == UNKNOWN


def test_a_longer_film_is_expected_to_take_longer(project: ProjectFolder) -> None:
    about = {"path": "/films/a.mkv", "size": 1, "mtime_ns": 1, "digest": DIGEST}

    def of(seconds: float | None) -> Durations:
        return Durations(project, stored(project.jobs, workflow="copy", input={**about, "duration_s": seconds}))

    known = of(60.0)
    known.took(link("one"), 12)
    known.save()
    assert of(120.0).expected(link("one")) == 24
    assert of(None).expected(link("one")) == 12
    assert of(60.0).is_known(link("one"))
    assert not of(60.0).is_known(link("other"))
