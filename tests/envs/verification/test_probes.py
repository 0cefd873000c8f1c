"""Code that runs in an environment to prove it."""

import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.verification import probes
from pipeline.envs.verification.probes import ProbeEnvironment


def at(build: Build, **own: str) -> ProbeEnvironment:
    return ProbeEnvironment(build.python, build.prefix, own)


def test_a_failing_import_is_told_by_its_last_line(definition: Definition, build: Build) -> None:
    wanted = replace(definition, imports=("quirk", "absent"))
    reason = probes.first_problem(wanted, at(build))
    assert str(reason).endswith("ModuleNotFoundError: No module named 'absent'")


def test_an_import_that_kills_the_interpreter_is_told_by_its_exit_code(definition: Definition, build: Build) -> None:
    site_packages = build.site_packages
    (site_packages / "quirk.py").write_text("import os\nos.abort()\n")
    for folder in site_packages.glob("__pycache__"):
        shutil.rmtree(folder)
    reason = probes.first_problem(definition, at(build))
    assert "quirk" in str(reason)


def test_what_is_proved_is_the_environment_and_not_the_caller_s_path(
    definition: Definition, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stray.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    reason = probes.first_problem(replace(definition, imports=("stray",)), at(build))
    assert "No module named 'stray'" in str(reason)


def smoking(definition: Definition, folder: Path, source: str) -> Definition:
    (folder / "smoke.py").write_text(source)
    return replace(definition, smoke=folder / "smoke.py")


def test_each_probe_has_an_outcome_with_its_time(definition: Definition, build: Build, tmp_path: Path) -> None:
    wanted = smoking(definition, tmp_path, "import quirk\nassert quirk.VERSION == '1.0'\n")
    outcomes = list(probes.run(wanted, at(build)))
    assert [(outcome.probe, outcome.problem) for outcome in outcomes] == [
        ("importing quirk", None),
        ("running smoke.py", None),
    ]
    assert all(outcome.seconds > 0 for outcome in outcomes)


def test_a_smoke_script_that_fails_is_told_with_what_it_said(
    definition: Definition, build: Build, tmp_path: Path
) -> None:
    wanted = smoking(definition, tmp_path, "raise SystemExit('no kernel image for this device')\n")
    reason = str(probes.first_problem(wanted, at(build)))
    assert "smoke.py" in reason
    assert reason.endswith("no kernel image for this device")


def test_a_smoke_script_that_says_nothing_is_told_by_its_exit_code(
    definition: Definition, build: Build, tmp_path: Path
) -> None:
    wanted = smoking(definition, tmp_path, "raise SystemExit(7)\n")
    assert str(probes.first_problem(wanted, at(build))).endswith("exit code 7")


def test_a_probe_that_hangs_is_ended_with_what_it_started(
    definition: Definition, build: Build, tmp_path: Path, waited: None
) -> None:
    child = "import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])\n"
    wanted = smoking(definition, tmp_path, f"{child}time.sleep(99)\n")
    began = time.monotonic()
    reason = probes.first_problem(replace(wanted, imports=()), at(build), seconds=1)
    assert reason == "running smoke.py: python took longer than 1 s"
    assert time.monotonic() - began < 60


def test_a_probe_sees_the_environment_s_own_variables(definition: Definition, build: Build, tmp_path: Path) -> None:
    wanted = smoking(definition, tmp_path, "import os\nassert os.environ['HF_HOME'] == '/cache/hf'\n")
    assert probes.first_problem(wanted, at(build, HF_HOME="/cache/hf")) is None


def test_a_smoke_script_s_siblings_can_not_be_imported_as_a_stage_s_can_not(
    definition: Definition, build: Build, tmp_path: Path
) -> None:
    (tmp_path / "sibling.py").touch()
    reason = probes.first_problem(smoking(definition, tmp_path, "import sibling\n"), at(build))
    assert "No module named 'sibling'" in str(reason)


def test_an_interpreter_that_is_not_there_is_a_reason(definition: Definition, tmp_path: Path, spawning: None) -> None:
    place = ProbeEnvironment(tmp_path / "bin" / "python", tmp_path, {})
    assert "No such file" in str(probes.first_problem(definition, place))


def test_nothing_to_import_still_starts_the_interpreter(definition: Definition, build: Build) -> None:
    outcomes = list(probes.run(replace(definition, imports=()), at(build)))
    assert [(outcome.probe, outcome.problem) for outcome in outcomes] == [("starting Python", None)]


@pytest.fixture
def script(build: Build) -> Path:
    """A console script of the build, as an installer writes it."""
    script = build.prefix / "bin/it"
    script.write_text(f"#!{build.python}\nraise SystemExit('it is never run here')\n")
    script.chmod(0o755)
    return script


def outcome_of_script(definition: Definition, build: Build) -> str | None:
    outcomes = list(probes.run(definition, replace(at(build), is_ours=True)))
    assert outcomes[-1].probe == "starting it"
    return outcomes[-1].problem


def test_a_console_script_is_started_and_not_run(definition: Definition, build: Build, script: Path) -> None:
    assert outcome_of_script(definition, build) is None


def test_a_console_script_that_can_not_be_started_is_a_reason(
    definition: Definition, build: Build, script: Path
) -> None:
    script.chmod(0o644)
    assert "can't be started" in str(outcome_of_script(definition, build))
    script.write_text(f"#!{build.python}er\n")
    script.chmod(0o755)
    assert "can't be started" in str(outcome_of_script(definition, build))


def test_a_console_script_of_another_interpreter_is_a_reason(
    definition: Definition, build: Build, script: Path
) -> None:
    (build.prefix / "bin/other").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (build.prefix / "bin/other").chmod(0o755)
    script.write_text(f"#!{build.prefix}/bin/other\n")
    assert f"starts an interpreter of {sys.prefix}" in str(outcome_of_script(definition, build))


def test_scripts_of_an_external_environment_are_left_alone(definition: Definition, build: Build, script: Path) -> None:
    script.chmod(0o644)
    assert probes.first_problem(definition, at(build)) is None
