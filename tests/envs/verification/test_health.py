"""Every kind of damage that a look at the files must see, and what it must not take for damage."""

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.build import Build
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.registry import Registry
from pipeline.envs.verification import health, probes
from pipeline.envs.verification.probes import ProbeEnvironment
from pipeline.progress import quiet
from tests.envs.conftest import Whole


def site_packages(build: Build) -> Path:
    return build.site_packages


def dist_info(build: Build) -> Path:
    return site_packages(build) / "quirk-1.0.dist-info"


def remove_interpreter(build: Build) -> None:
    build.python.unlink()


def break_interpreter(build: Build) -> None:
    build.python.unlink()
    build.python.symlink_to("/nowhere/python")


def replace_interpreter(build: Build) -> None:
    build.python.unlink()
    build.python.write_text("#!/bin/sh\n")
    build.python.chmod(0o755)


def remove_configuration(build: Build) -> None:
    (build.prefix / "pyvenv.cfg").unlink()


def edit_configuration(build: Build) -> None:
    with (build.prefix / "pyvenv.cfg").open("a") as file:
        file.write("include-system-site-packages = true\n")


def remove_packages(build: Build) -> None:
    shutil.rmtree(site_packages(build))


def remove_module(build: Build) -> None:
    (site_packages(build) / "quirk.py").unlink()


def add_module(build: Build) -> None:
    (site_packages(build) / "foreign.py").touch()


def add_package(build: Build) -> None:
    added = site_packages(build) / "foreign-1.0.dist-info"
    added.mkdir()
    (added / "RECORD").touch()


def reinstall_package(build: Build) -> None:
    os.utime(dist_info(build) / "RECORD")


def remove_record(build: Build) -> None:
    (dist_info(build) / "RECORD").unlink()


def empty_record(build: Build) -> None:
    (dist_info(build) / "RECORD").write_bytes(b"")


def remove_program(build: Build) -> None:
    shutil.rmtree(build.provided_tools)


def replace_program(build: Build) -> None:
    (site_packages(build) / "quirk.py").write_text("another program")


def forbid_program(build: Build) -> None:
    (site_packages(build) / "quirk.py").chmod(0o644)


@pytest.fixture
def definition(definition: Definition) -> Definition:
    return replace(definition, provides=(("tool", "quirk.py"),))


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (remove_interpreter, "its interpreter .* is gone"),
        (break_interpreter, "its interpreter .* is gone"),
        (replace_interpreter, "the Python that it was built on has been replaced"),
        (remove_configuration, "its file pyvenv.cfg is missing or has changed"),
        (edit_configuration, "its file pyvenv.cfg is missing or has changed"),
        (remove_packages, "its packages can't be read|its file provides/tool"),
        (remove_module, "its packages have changed|its file provides/tool"),
        (add_module, "its packages have changed"),
        (add_package, "its packages have changed"),
        (reinstall_package, "its packages have changed"),
        (remove_record, "its packages can't be read"),
        (empty_record, "its packages have changed"),
        (remove_program, "its file provides/tool is missing or has changed"),
        (replace_program, "its file provides/tool is missing or has changed"),
        (forbid_program, "its file provides/tool is missing or has changed"),
    ],
)
def test_each_kind_of_damage_is_a_reason(to_damage: Whole, harm: Callable[[Build], None], reason: str) -> None:
    build = to_damage.build
    assert health.problem(build) is None
    harm(build)
    assert re.search(reason, str(health.problem(build)))
    assert to_damage.builder.registry.problem(to_damage.definition) == health.problem(build)


def test_damage_is_repaired_by_a_build_beside(builder: Builder, definition: Definition, build: Build) -> None:
    remove_packages(build)
    repaired = builder.ensure(definition, quiet)
    assert repaired.prefix != build.prefix
    assert builder.registry.problem(definition) is None


def test_an_interpreter_that_may_not_be_executed_is_damage(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    assert health.problem(build) is not None


def test_a_moved_environment_is_damage_since_its_scripts_name_the_old_place(
    builder: Builder, definition: Definition, build: Build, tmp_path: Path
) -> None:
    builder.registry.root.rename(tmp_path / "moved")
    problem = Registry(tmp_path / "moved").problem(definition)
    assert str(build.prefix) in str(problem)


def test_a_run_does_not_count_as_damage(build: Build, spawning: None) -> None:
    place = ProbeEnvironment(build.python, build.prefix, {})
    assert probes.first_problem(Definition("alpha", "", Path(), imports=("quirk",)), place) is None
    assert health.problem(build) is None


def test_looking_starts_no_python(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("pipeline.process.run", refuse)
    assert health.problem(build) is None
