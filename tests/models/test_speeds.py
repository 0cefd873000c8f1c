"""How fast models were here: an estimate that may be lost, and does no harm where it is wrong."""

from pathlib import Path

import pytest

from pipeline.models.speeds import HOSTS, ModelSpeeds
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox


@pytest.fixture
def project(sandbox: Sandbox) -> ProjectFolder:
    return ProjectFolder(sandbox.root)


def noted(project: ProjectFolder, seconds: float, of_input: float | None, host: str = "here") -> float | None:
    speeds = ModelSpeeds(project, host)
    speeds.took("asr", ["base"], seconds, of_input)
    speeds.save()
    return ModelSpeeds(project, host).times("asr", "base")


def test_what_took_long_enough_is_known_the_next_time(project: ProjectFolder) -> None:
    assert noted(project, 60, 600) == 10
    assert ModelSpeeds(project, "here").times("whisperx_asr", "base") is None


@pytest.mark.parametrize(("seconds", "of_input"), [(3, 59.9), (3, None), (0, 600)])
def test_what_says_nothing_is_not_noted(project: ProjectFolder, seconds: float, of_input: float | None) -> None:
    assert noted(project, seconds, of_input) is None
    assert not (project.cache / "model-speeds.json").exists()


def test_a_much_shorter_film_does_not_count_against_a_longer_one(project: ProjectFolder) -> None:
    noted(project, 60, 600)
    assert noted(project, 50, 100) == 10
    assert noted(project, 60, 300) == 5


def test_each_machine_has_its_own_and_the_newest_are_kept(project: ProjectFolder) -> None:
    noted(project, 60, 600, "other")
    assert noted(project, 60, 1200) == 20
    for number in range(HOSTS):
        noted(project, 60, 600, f"host{number}")
    assert ModelSpeeds(project, "other").times("asr", "base") is None
    assert ModelSpeeds(project, f"host{HOSTS - 1}").times("asr", "base") == 10


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"here": 1}',
        '{"here": {"asr/base": 1}}',
        '{"here": {"asr/base": [0, 1]}}',
        '{"here": {"asr/base": ["1", 2]}}',
    ],
)
def test_a_file_that_is_something_else_is_no_speed(project: ProjectFolder, text: str) -> None:
    project.cache.mkdir(exist_ok=True)
    (project.cache / "model-speeds.json").write_text(text)
    assert ModelSpeeds(project, "here").times("asr", "base") is None
    assert noted(project, 60, 600) == 10


def test_a_cache_that_can_not_be_written_costs_the_estimate_alone(
    project: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(Path, "mkdir", full)
    assert noted(project, 60, 600) is None
