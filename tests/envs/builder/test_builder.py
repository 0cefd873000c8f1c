"""Building: proved before it counts, never half, and told in the installer's own words."""

import json
import os
import re
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.build import Build
from pipeline.envs.builder.builder import OLD_LOGS, Builder, fresh_log
from pipeline.envs.definition import Definition
from pipeline.envs.registry import MARKER
from pipeline.envs.verification import health
from pipeline.errors import ExitCode, NotReady
from pipeline.files import dump_json
from pipeline.locks import exclusive
from pipeline.progress import quiet
from pipeline.values import plain
from tests.conftest import make_wheel
from tests.envs.conftest import locked, other


def prefixes(builder: Builder) -> list[Path]:
    """The folders of builds, finished or not."""
    return sorted(path for path in builder.registry.builds.iterdir() if path.is_dir())


def refusal(builder: Builder, definition: Definition) -> NotReady:
    """The error of a build that fails; nothing of it may be left."""
    before = prefixes(builder) if builder.registry.builds.exists() else []
    with pytest.raises(NotReady) as refused:
        builder.ensure(definition, quiet)
    assert prefixes(builder) == before
    assert refused.value.exit_code == ExitCode.NOT_READY
    return refused.value


def site_packages(build: Build) -> Path:
    return build.site_packages


def test_a_build_counts_only_with_its_marker_and_its_pointer(builder: Builder, build: Build) -> None:
    assert builder.registry.live("alpha") == build
    assert json.loads((build.prefix / MARKER).read_text()) == plain(build.marker)
    assert plain(build.own_marker.key_input).keys() == {"schema", "lock", "python", "abi", "platform", "accelerator"}


def test_a_healthy_build_is_not_made_again(
    builder: Builder, definition: Definition, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.process.run", lambda *_: pytest.fail("something was started"))
    assert builder.ensure(definition, quiet).prefix == build.prefix


def test_nothing_of_ours_is_installed_and_bytecode_is_there(
    builder: Builder, definition: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    folder = site_packages(builder.ensure(definition, quiet))
    packages = {path.name for path in folder.iterdir() if path.suffix in {".dist-info", ".py"}}
    assert packages == {"quirk.py", "quirk-1.0.dist-info"} | (packages & {"_virtualenv.py"})
    tag = sys.implementation.cache_tag
    assert (folder / f"__pycache__/quirk.{tag}.pyc").is_file()


def test_the_scripts_of_a_build_name_the_place_where_it_stands(build: Build) -> None:
    assert f"{build.prefix}" in (build.prefix / "bin/activate").read_text()


def test_another_lock_makes_another_build_and_the_first_one_stays(
    builder: Builder, definition: Definition, build: Build, tmp_path: Path
) -> None:
    second = builder.ensure(other(definition, tmp_path, "2.0"), quiet)
    assert second.key != build.key
    assert prefixes(builder) == sorted([build.prefix, second.prefix])
    assert builder.registry.with_key("alpha", build.key) == build


def test_going_back_to_an_earlier_lock_takes_the_build_that_is_there(
    builder: Builder, definition: Definition, build: Build, tmp_path: Path
) -> None:
    builder.ensure(other(definition, tmp_path, "2.0"), quiet)
    assert builder.ensure(definition, quiet) == build
    assert builder.registry.live("alpha") == build
    assert len(prefixes(builder)) == 2


def test_force_builds_beside_and_leaves_the_old_build_to_running_jobs(
    builder: Builder, definition: Definition, build: Build
) -> None:
    forced = builder.ensure(definition, quiet, force=True)
    assert forced.key == build.key
    assert forced.prefix != build.prefix
    assert health.problem(build) is None
    assert builder.registry.live("alpha") == forced


def test_a_new_import_is_proved_although_the_lock_is_the_same(
    builder: Builder, definition: Definition, build: Build
) -> None:
    wanted = replace(definition, imports=("quirk", "absent"))
    assert "alpha.yaml" in str(builder.registry.problem(wanted))
    assert "No module named 'absent'" in refusal(builder, wanted).message
    assert builder.registry.live("alpha") == build


def test_a_new_program_is_provided_although_the_lock_is_the_same(
    builder: Builder, definition: Definition, build: Build
) -> None:
    again = builder.ensure(replace(definition, provides=(("tool", "quirk.py"),)), quiet)
    assert (again.provided_tools / "tool").is_file()
    assert not build.provided_tools.exists()


def test_a_provided_program_is_executable_although_the_wheel_lost_that(
    builder: Builder, definition: Definition
) -> None:
    build = builder.ensure(replace(definition, provides=(("tool", "quirk.py"),)), quiet)
    tool = build.provided_tools / "tool"
    assert os.access(tool, os.X_OK)
    assert tool.read_text() == "VERSION = '1.0'\n"
    assert [path.name for path in build.provided_tools.iterdir()] == ["tool"]
    assert tool.resolve().stat().st_nlink == 1  # the installer's cache keeps its own


def test_a_program_that_the_package_lacks_is_told(builder: Builder, definition: Definition) -> None:
    error = refusal(builder, replace(definition, provides=(("tool", "bin/tool"),)))
    assert "bin/tool" in error.message
    assert "tool" in str(error.next_step)


def test_a_wrong_hash_is_refused_and_the_package_named(builder: Builder, definition: Definition) -> None:
    definition.locked.write_text(f"quirk==1.0 --hash=sha256:{'0' * 64}\n")
    error = refusal(builder, definition)
    assert "Hash mismatch for `quirk==1.0`" in error.message
    read, lock = str(error.next_step).splitlines()
    assert read == f"read {builder.logs / 'alpha.log'}"
    assert lock.startswith("pipeline env lock alpha   if alpha.lock was edited by hand")


def test_a_lock_without_a_hash_is_refused(builder: Builder, definition: Definition) -> None:
    definition.locked.write_text("quirk==1.0\n")
    assert "hash" in refusal(builder, definition).message


def test_a_package_that_is_nowhere_is_told_in_the_installer_s_words(builder: Builder, definition: Definition) -> None:
    definition.locked.write_text(f"nowhere-to-be-found==1.0 --hash=sha256:{'0' * 64}\n")
    message = refusal(builder, definition).message
    assert "environment 'alpha'" in message
    assert "nowhere-to-be-found" in message


def test_a_module_that_fails_to_import_is_told_and_keeps_the_old_build(
    builder: Builder, definition: Definition, build: Build, tmp_path: Path
) -> None:
    lock = tmp_path / "broken.lock"
    lock.write_text(locked(make_wheel(tmp_path / "wheels", "quirk", "3.0", "raise RuntimeError('no such device')\n")))
    message = refusal(builder, replace(definition, lock=lock)).message
    assert message.startswith("environment 'alpha' ")
    assert message.endswith("RuntimeError: no such device")
    assert builder.registry.live("alpha") == build


def test_a_range_that_no_python_fits_is_told_with_how_to_get_one(builder: Builder, definition: Definition) -> None:
    error = refusal(builder, replace(definition, python=">=3.99"))
    assert "Python >=3.99" in error.message
    assert str(error.next_step).startswith(f"{builder.uv} python install '>=3.99'")


def test_an_empty_lock_gives_an_empty_environment(builder: Builder, definition: Definition) -> None:
    definition.locked.write_text("")
    build = builder.ensure(replace(definition, imports=()), quiet)
    assert build.own_marker.fingerprint.records == {}


def test_an_installer_that_hangs_is_ended_at_its_limit(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    hanging = tmp_path / "uv"
    hanging.write_text("#!/bin/sh\nsleep 600\n")
    hanging.chmod(0o755)
    message = refusal(replace(builder, uv=hanging, time_limit=0.2), definition).message
    assert re.search(r"'alpha'.* 0\.2 s.*creating", message)


def test_what_an_interrupted_build_left_is_removed_and_not_used(builder: Builder, definition: Definition) -> None:
    interrupted = builder.ensure(definition, quiet)
    (interrupted.prefix / MARKER).unlink()
    build = builder.ensure(definition, quiet)
    assert build.prefix != interrupted.prefix  # an orphaned installer may still be writing there
    assert prefixes(builder) == [build.prefix]


def test_a_build_sweeps_what_others_left_and_touches_nothing_that_is_being_built(
    builder: Builder, definition: Definition
) -> None:
    """Earlier versions build under the lock file of a name, in folders that have it before the key."""
    builds = builder.registry.builds
    builds.mkdir(parents=True)
    left = ["0123456789abcdef.00000000", "beta-0123456789abcdef.00000000", "alpha-0123456789abcdef.00000000"]
    busy = ["fedcba9876543210.00000000", "gamma-0123456789abcdef.00000000", "alpha-notes"]
    for name in (*left, *busy):
        (builds / name).mkdir()
    with exclusive(builds / "fedcba9876543210.key.lock"), exclusive(builds / "gamma.lock"):
        build = builder.ensure(definition, quiet)
    assert {path.name for path in prefixes(builder)} == {*busy, build.prefix.name}


def test_threads_that_want_one_environment_get_one_build(builder: Builder, definition: Definition) -> None:
    builds: list[Build] = []
    threads = [threading.Thread(target=lambda: builds.append(builder.ensure(definition, quiet))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(builds) == 4
    assert len({build.prefix for build in builds}) == 1
    assert len(prefixes(builder)) == 1


def test_a_folder_in_the_pointer_s_place_is_refused_before_anything_is_built(
    builder: Builder, definition: Definition
) -> None:
    (builder.registry.pointer("alpha") / "bin").mkdir(parents=True)
    builder.registry.builds.mkdir()
    error = refusal(builder, definition)
    assert str(builder.registry.pointer("alpha")) in error.message
    assert (builder.registry.pointer("alpha") / "bin").is_dir()


@pytest.mark.parametrize("place", ["home", "working folder"])
def test_a_person_s_own_configuration_of_uv_is_ignored(
    builder: Builder, definition: Definition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    folder = Path(os.environ["HOME"], ".config/uv") if place == "home" else tmp_path / "here"
    folder.mkdir(parents=True)
    (folder / "uv.toml").write_text("this is no [ configuration\n")
    (folder / "pyproject.toml").write_text("this is none either\n")
    monkeypatch.chdir(folder)
    assert builder.ensure(definition, quiet).prefix.is_dir()


def test_variables_that_steer_uv_or_python_are_ignored(
    builder: Builder, definition: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "UV_PYTHON": "/nowhere/python",
        "UV_PROJECT_ENVIRONMENT": "/nowhere",
        "UV_REQUIRE_HASHES": "0",
        "UV_LINK_MODE": "nonsense",
        "VIRTUAL_ENV": "/nowhere",
        "PYTHONHOME": "/nowhere",
        "PYTHONPATH": "/nowhere",
    }.items():
        monkeypatch.setenv(name, value)
    build = builder.ensure(definition, quiet)
    assert health.problem(build) is None


def test_an_environment_can_be_built_below_odd_folders(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    from pipeline.envs.registry import Registry

    registry = Registry(tmp_path / "ünï 'quoted' $HOME" / "venv")
    build = replace(builder, registry=registry).ensure(definition, quiet)
    assert registry.live("alpha") == build


def test_a_build_through_a_link_stands_at_its_real_place(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    from pipeline.envs.registry import Registry

    (tmp_path / "big disk").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "big disk")
    registry = Registry(tmp_path / "linked")
    build = replace(builder, registry=registry).ensure(definition, quiet)
    assert build.prefix.parent == tmp_path / "big disk/.builds"
    assert registry.problem(definition) is None
    assert str(registry.pointer("alpha").readlink()) == f".builds/{build.prefix.name}"


def test_other_variables_are_proved_again_and_reach_what_is_built(
    builder: Builder, definition: Definition, build: Build, tmp_path: Path
) -> None:
    smoke = tmp_path / "smoke.py"
    smoke.write_text("import os\nassert os.environ['LEVEL'] == '2', os.environ['LEVEL']\n")
    proving = replace(builder, own=lambda wanted, _prefix: dict(wanted.variables))
    wanted = replace(definition, smoke=smoke, variables=(("LEVEL", "1"),))
    assert "alpha.yaml" in str(builder.registry.problem(wanted))
    with pytest.raises(NotReady, match=r"smoke\.py"):
        proving.ensure(wanted, quiet)
    assert builder.registry.live("alpha") == build
    again = proving.ensure(replace(wanted, variables=(("LEVEL", "2"),)), quiet)
    assert again.prefix != build.prefix


def test_a_record_from_before_requirements_were_written_down_counts_where_the_lock_agrees(
    builder: Builder, definition: Definition, build: Build
) -> None:
    record = {name: value for name, value in plain(build.own_marker).items() if name != "requirements"}
    (build.prefix / MARKER).write_bytes(dump_json(record))
    asked = definition.locked.with_suffix(".txt")
    wanted = replace(definition, requirements=asked)
    asked.write_text("quirk\n")
    assert builder.registry.problem(wanted) is None
    asked.write_text("quirk>1\n")
    assert "quirk>1" in str(builder.registry.problem(wanted))


def test_each_log_moves_on_for_the_next_and_the_oldest_goes(tmp_path: Path) -> None:
    for number in range(OLD_LOGS + 3):
        fresh_log(tmp_path, "alpha").write_text(str(number))
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept["alpha.log"] == str(OLD_LOGS + 2)
    assert kept["alpha.1.log"] == str(OLD_LOGS + 1)
    assert len(kept) == OLD_LOGS + 1


def test_the_logs_of_another_environment_stay(tmp_path: Path) -> None:
    (tmp_path / "alpha.1.log").write_text("an environment named alpha.1")
    (tmp_path / "beta.log").write_text("beta")
    fresh_log(tmp_path, "alpha")
    assert (tmp_path / "beta.log").read_text() == "beta"
