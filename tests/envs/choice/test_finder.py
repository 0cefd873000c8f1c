"""Carrying out what was decided: looking only as far as needed, waiting with a bound, building once."""

import fcntl
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.builder.builder import Builder
from pipeline.envs.choice.decision import EnvironmentOptions
from pipeline.envs.choice.finder import EnvironmentFinder, JobEnvironment
from pipeline.envs.choice.source import EnvironmentSource
from pipeline.envs.definition import Definition
from pipeline.envs.external.inspection_cache import InspectionCache
from pipeline.errors import NotReady
from pipeline.progress import quiet
from tests.conftest import build_folders
from tests.envs.conftest import other
from tests.envs.external.conftest import Heard, site_packages


@pytest.fixture
def finder(builder: Builder, cache: InspectionCache, heard: Heard) -> EnvironmentFinder:
    builder.registry.builds.mkdir(parents=True)
    return EnvironmentFinder(
        registry=builder.registry,
        cache=cache,
        options=EnvironmentOptions(),
        builder=lambda: builder,
        progress=heard.append,
    )


def got(finder: EnvironmentFinder, definition: Definition, **allowed: float) -> JobEnvironment:
    asked = replace(finder, options=EnvironmentOptions(**allowed))  # type: ignore[arg-type]
    return asked.settle(definition, asked.choose(definition))


@contextmanager
def building(builder: Builder, name: str = "alpha") -> Iterator[None]:
    """Another process holds the lock under which the environment is built."""
    with open(builder.registry.builds / f"{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("process 4711 on elsewhere")
        file.flush()
        yield


def test_the_live_build_is_what_a_job_gets(finder: EnvironmentFinder, builder: Builder, definition: Definition) -> None:
    build = builder.ensure(definition, quiet)
    answer = got(finder, definition)
    assert (answer.build, answer.source, answer.warning) == (build, EnvironmentSource.LIVE, None)


def test_a_legacy_one_is_not_even_looked_at_beside_a_live_build(
    finder: EnvironmentFinder, builder: Builder, definition: Definition, venv: Path, tmp_path: Path
) -> None:
    builder.ensure(definition, quiet)
    got(finder, replace(definition, legacy=(venv,)))
    assert not (tmp_path / "cache").exists()


def test_a_legacy_one_stands_in_until_ours_is_built(
    finder: EnvironmentFinder, builder: Builder, definition: Definition, venv: Path
) -> None:
    wanted = replace(definition, legacy=(venv,))
    answer = got(finder, wanted)
    assert answer.build.prefix == venv
    assert (answer.source, answer.place, answer.warning) == (EnvironmentSource.LEGACY, str(venv), None)
    builder.ensure(wanted, quiet)
    assert got(finder, wanted).source is EnvironmentSource.LIVE


def test_the_first_healthy_one_of_several_is_taken(
    finder: EnvironmentFinder, definition: Definition, venv: Path, conda: Path, tmp_path: Path
) -> None:
    (site_packages(venv) / "quirk.py").write_text("import nothing_such\n")
    wanted = replace(definition, legacy=(tmp_path / "nowhere", tmp_path, venv, conda))
    assert got(finder, wanted).build.prefix == conda


def test_a_damaged_live_build_makes_room_for_a_legacy_one(
    finder: EnvironmentFinder, builder: Builder, definition: Definition, venv: Path
) -> None:
    build = builder.ensure(definition, quiet)
    (site_packages(build.prefix) / "stray").mkdir()
    assert got(finder, replace(definition, legacy=(venv,))).source is EnvironmentSource.LEGACY


def test_what_is_asked_for_by_its_interpreter_has_no_other_to_move_to(
    finder: EnvironmentFinder, wanted: Callable[..., Definition], venv: Path
) -> None:
    answer = got(finder, wanted(lock=None, interpreter=venv))
    assert (answer.source, answer.place) == (EnvironmentSource.INTERPRETER, str(venv))


def test_one_that_may_change_unseen_keeps_its_results_to_itself(
    finder: EnvironmentFinder, definition: Definition, venv: Path, tmp_path: Path
) -> None:
    (tmp_path / "loose").mkdir()
    (site_packages(venv) / "loose.pth").write_text(f"{tmp_path / 'loose'}\n")
    answer = got(finder, replace(definition, legacy=(venv,)))
    assert answer.source is EnvironmentSource.LEGACY
    assert answer.warning


def test_one_that_is_not_healthy_is_refused(finder: EnvironmentFinder, definition: Definition, venv: Path) -> None:
    (site_packages(venv) / "quirk.py").write_text("import nothing_such\n")
    with pytest.raises(NotReady, match="No module named 'nothing_such'") as caught:
        got(finder, replace(definition, legacy=(venv,)))
    assert caught.value.next_step == "bootstrap --env alpha\nor give prepare-job the option --allow-degraded"


def test_one_that_is_not_healthy_is_taken_on_request_with_a_warning(
    finder: EnvironmentFinder, definition: Definition, venv: Path
) -> None:
    (site_packages(venv) / "quirk.py").write_text("import nothing_such\n")
    answer = got(finder, replace(definition, legacy=(venv,)), degraded=True)
    assert answer.source is EnvironmentSource.DEGRADED
    assert re.match(rf"{re.escape(str(venv))}: .*No module named 'nothing_such'", str(answer.warning))


def test_another_process_s_build_is_waited_for(
    finder: EnvironmentFinder, builder: Builder, definition: Definition, heard: Heard
) -> None:
    with building(builder):
        asked = replace(finder, options=EnvironmentOptions(wait_seconds=60))
        choice = asked.choose(definition)
    builder.ensure(definition, quiet)  # as the other process would, before it lets go of the lock
    answer = asked.settle(definition, choice)
    assert answer.source is EnvironmentSource.WAITED
    assert heard == ["waiting up to 60 s for process 4711 on elsewhere, which builds environment 'alpha'"]


def test_a_wait_that_is_over_names_who_still_builds(
    finder: EnvironmentFinder, builder: Builder, definition: Definition
) -> None:
    with building(builder), pytest.raises(NotReady, match="process 4711 on elsewhere") as caught:
        got(finder, definition, wait_seconds=0.3, build=True)
    assert (
        caught.value.next_step
        == "try again when it is built, or give prepare-job the option --wait with a number of seconds"
    )


def test_a_build_that_failed_elsewhere_is_made_here_where_that_is_allowed(
    finder: EnvironmentFinder, builder: Builder, definition: Definition
) -> None:
    asked = replace(finder, options=EnvironmentOptions(wait_seconds=60, build=True))
    with building(builder):
        choice = asked.choose(definition)
    assert asked.settle(definition, choice).source is EnvironmentSource.BUILT


def test_a_build_that_failed_elsewhere_is_told_where_none_may_be_made(
    finder: EnvironmentFinder, builder: Builder, definition: Definition
) -> None:
    asked = replace(finder, options=EnvironmentOptions(wait_seconds=60))
    with building(builder):
        choice = asked.choose(definition)
    with pytest.raises(NotReady):
        asked.settle(definition, choice)


def test_a_build_that_was_made_from_another_lock_is_not_what_was_waited_for(
    finder: EnvironmentFinder, builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    asked = replace(finder, options=EnvironmentOptions(wait_seconds=60))
    with building(builder):
        choice = asked.choose(definition)
    builder.ensure(other(definition, tmp_path, "2.0"), quiet)
    with pytest.raises(NotReady, match=r"alpha\.lock"):
        asked.settle(definition, choice)


def test_two_that_build_at_once_make_one_build(
    finder: EnvironmentFinder, builder: Builder, definition: Definition
) -> None:
    answers: list[JobEnvironment] = []
    asked = replace(finder, options=EnvironmentOptions(build=True))
    choices = [asked.choose(definition) for _ in range(2)]
    threads = [threading.Thread(target=lambda: answers.append(asked.settle(definition, choices[0]))) for _ in choices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({answer.build.prefix for answer in answers}) == 1
    assert len(build_folders(builder.registry.builds)) == 1
