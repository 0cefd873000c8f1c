"""Packages that install the same file, and packages for another Python: refused, or decided by the definition."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.build import Build
from pipeline.envs.builder import package_conflicts
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.repair.repair import repair
from pipeline.envs.verification import file_check
from pipeline.errors import NotReady
from pipeline.progress import quiet
from tests.conftest import make_wheel, wheel_of
from tests.envs.conftest import locked


@pytest.fixture
def both(tmp_path: Path, definition: Definition) -> Definition:
    """An environment whose packages tinya and tinyb both install ``common.py``, and a license each."""
    wheels = [
        wheel_of(
            tmp_path / "wheels",
            name,
            {f"{name}.py": b"", "common.py": f"WHO = {name!r}\n".encode(), "LICENSE": name.encode()},
        )
        for name in ("tinya", "tinyb")
    ]
    definition.locked.write_text("".join(map(locked, wheels)))
    return replace(definition, imports=("tinya", "tinyb"), requirements=None)


def who(build: Build) -> str:
    return (build.site_packages / "common.py").read_text()


def test_two_owners_of_a_module_are_refused_and_named_with_the_file(builder: Builder, both: Definition) -> None:
    with pytest.raises(NotReady, match=r"tinya and tinyb both install common\.py") as refused:
        builder.ensure(both, quiet)
    assert "overlaps: {prefer: [tinya]}" in (refused.value.next_step or "")
    assert "bootstrap --env alpha" in (refused.value.next_step or "").splitlines()
    assert "forgetting" not in builder.logs.joinpath("alpha.log").read_text()
    assert builder.registry.live("alpha") is None


@pytest.mark.parametrize("winner", ["tinya", "tinyb"])
def test_the_preferred_owner_wins_each_time(builder: Builder, both: Definition, winner: str) -> None:
    preferring = replace(both, preferred=(winner,))
    for _ in range(3):
        build = builder.ensure(preferring, quiet, force=True)
        assert who(build) == f"WHO = {winner!r}\n"
        assert (build.site_packages / "LICENSE").read_text() == winner
        assert file_check.thorough(build).is_clean


def test_another_winner_is_another_key_and_another_build(builder: Builder, both: Definition) -> None:
    first = builder.ensure(replace(both, preferred=("tinya",)), quiet)
    second = builder.ensure(replace(both, preferred=("tinyb",)), quiet)
    assert first.key != second.key
    assert (who(first), who(second)) == ("WHO = 'tinya'\n", "WHO = 'tinyb'\n")


@pytest.mark.parametrize("damaged", ["common.py", "tinyb.py", "tinya.py"])
def test_a_repair_keeps_the_winner(builder: Builder, both: Definition, damaged: str) -> None:
    preferring = replace(both, preferred=("tinya",))
    build = builder.ensure(preferring, quiet)
    (build.site_packages / damaged).write_text("damage = 1\n")
    repaired = repair(builder, preferring, quiet)
    assert who(repaired.build) == "WHO = 'tinya'\n"
    assert file_check.thorough(repaired.build).is_clean


def test_a_license_that_both_bring_is_no_reason_to_refuse(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    wheels = [wheel_of(tmp_path / "wheels", name, {"LICENSE": name.encode()}) for name in ("tinya", "tinyb")]
    definition.locked.write_text("".join(map(locked, wheels)))
    for _ in range(3):
        build = builder.ensure(replace(definition, imports=()), quiet, force=True)
        assert (build.site_packages / "LICENSE").read_text() == "tinya"


@pytest.mark.parametrize("declared", ["<3.9", "==3.8.*", ">=3.6, <3.7"])
def test_a_package_for_another_python_is_refused_and_named(
    builder: Builder, definition: Definition, tmp_path: Path, declared: str
) -> None:
    wheel = make_wheel(tmp_path / "wheels", "quirk", "2.0", "", f"Requires-Python: {declared}\n")
    definition.locked.write_text(locked(wheel))
    with pytest.raises(NotReady, match="quirk is for Python") as refused:
        builder.ensure(definition, quiet)
    assert declared in refused.value.message
    assert (refused.value.next_step or "").splitlines()[-1] == "pipeline env lock alpha"


def test_files_that_differ_by_case_are_refused_on_a_disk_that_ignores_it(
    builder: Builder, definition: Definition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = [
        wheel_of(tmp_path / "wheels", name, {f"{folder}/__init__.py": name.encode()})
        for name, folder in (("tinya", "Thing"), ("tinyb", "thing"))
    ]
    definition.locked.write_text("".join(map(locked, wheels)))
    lenient = replace(definition, imports=())
    builder.ensure(lenient, quiet)
    monkeypatch.setattr(package_conflicts, "ignores_case", lambda _folder: True)
    with pytest.raises(NotReady, match=r"tinya and tinyb install Thing/__init__\.py and thing/__init__\.py"):
        builder.ensure(lenient, quiet, force=True)


def test_a_package_whose_requirements_are_not_in_the_lock_is_refused_and_named(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    wheel = make_wheel(tmp_path / "wheels", "quirk", "2.0", "", "Requires-Dist: lacked>=3\n")
    definition.locked.write_text(locked(wheel))
    with pytest.raises(NotReady, match=r"quirk needs lacked>=3, which isn't there") as refused:
        builder.ensure(definition, quiet)
    assert (refused.value.next_step or "").splitlines()[0] == "pipeline env lock alpha"
    assert builder.registry.live("alpha") is None


def test_a_file_that_a_record_has_no_digest_of_is_decided_by_nothing_but_the_definition(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    wheels = [
        wheel_of(tmp_path / "wheels", name, {"common.py": f"WHO = {name!r}\n".encode()}, without_digest={"common.py"})
        for name in ("tinya", "tinyb")
    ]
    definition.locked.write_text("".join(map(locked, wheels)))
    both = replace(definition, imports=(), requirements=None)
    with pytest.raises(NotReady, match=r"tinya and tinyb both install common\.py"):
        builder.ensure(both, quiet)
    for winner in ("tinya", "tinyb"):
        build = builder.ensure(replace(both, preferred=(winner,)), quiet)
        assert who(build) == f"WHO = {winner!r}\n"
        assert file_check.thorough(build).is_clean
        (build.site_packages / "common.py").write_text("WHO = 'other'\n")
        assert not file_check.thorough(build).is_clean


def test_a_file_in_the_place_of_a_folder_is_refused(builder: Builder, definition: Definition, tmp_path: Path) -> None:
    wheels = [
        wheel_of(tmp_path / "wheels", name, {file: b""}) for name, file in (("tinya", "thing"), ("tinyb", "thing/a.py"))
    ]
    definition.locked.write_text("".join(map(locked, wheels)))
    for _ in range(3):  # the installer fails by itself where it comes to the file last
        with pytest.raises(NotReady, match="thing"):
            builder.ensure(replace(definition, imports=()), quiet)
    assert builder.registry.live("alpha") is None


@pytest.mark.parametrize("file", ["pyvenv.cfg", "bin/activate"])
def test_a_package_that_replaces_an_environment_s_own_file_is_refused(
    builder: Builder, definition: Definition, tmp_path: Path, file: str
) -> None:
    wheel = wheel_of(tmp_path / "wheels", "tinya", {f"tinya-1.0.data/data/{file}": b"home = elsewhere\n"})
    definition.locked.write_text(locked(wheel))
    with pytest.raises(NotReady, match=f"tinya installs {file}, which is the environment's own") as refused:
        builder.ensure(replace(definition, imports=()), quiet)
    assert (refused.value.next_step or "").splitlines()[-1] == "pipeline env lock alpha"
