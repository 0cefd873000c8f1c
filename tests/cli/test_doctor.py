"""The doctor's words and exit codes, and the repair that they lead to."""

import hashlib
import os
import re
from pathlib import Path

import pytest

from tests.conftest import Sandbox, build_folders, offline, wheel_of


@pytest.fixture
def project(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Sandbox:
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    done = sandbox.give("bootstrap", "--env", "alpha")
    assert done.code == 0, done.err
    return sandbox


def module(project: Sandbox) -> Path:
    (found,) = (project.root / "venv/alpha").resolve().glob("lib/python3*/site-packages/quirk.py")
    return found


def faults(project: Sandbox, *words: str) -> list[tuple[str, str]]:
    data = project.give("pipeline", "doctor", *words, "--json").data
    return [(each["subject"], each["fault"]) for each in data["diagnoses"]]


def test_what_is_whole_is_healthy_and_what_is_not_used_may_be_unbuilt(project: Sandbox) -> None:
    done = project.give("pipeline", "doctor", "--deep", "--json")
    assert done.code == 0, done.out
    assert done.data["healthy"]
    assert done.data["environments"] == ["alpha", "beta"]
    assert [each["fault"] for each in done.data["diagnoses"]] == ["never built"]
    assert project.give("pipeline", "doctor", "beta").code == 3


def test_damage_is_named_with_the_command_that_mends_it(project: Sandbox) -> None:
    os.truncate(module(project), 3)
    done = project.give("pipeline", "doctor", "alpha")
    assert done.code == 3
    assert re.search(r"quirk\.py .* 3 .* 16 .*bootstrap --repair --env alpha", done.out)
    repaired = project.give("bootstrap", "--repair", "--env", "alpha")
    assert repaired.code == 0, repaired.err
    assert "repaired: quirk" in repaired.err
    assert project.give("pipeline", "doctor", "alpha", "--deep").code == 0


def test_a_hidden_change_takes_a_deep_look(project: Sandbox) -> None:
    file = module(project)
    status = file.stat()
    file.write_bytes(file.read_bytes().replace(b"1.0", b"9.9"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert faults(project, "alpha") == []
    assert faults(project, "alpha", "--deep") == [("environment alpha", "package damaged")]


def test_an_import_that_fails_in_whole_files_takes_a_deep_look(project: Sandbox) -> None:
    project.write("config/environments/alpha.yaml", 'python: ">=3.11"\nimports: [quirk, absent]\n')
    assert ("environment alpha", "fails when used") in faults(project, "alpha", "--deep")


def test_a_broken_definition_does_not_hide_the_others(project: Sandbox) -> None:
    project.write("config/environments/beta.yaml", "pyton: [\n")
    lock = project.root / "requirements/alpha.lock"
    lock.write_text(f"# another\n{lock.read_text(encoding='utf-8')}", encoding="utf-8")
    assert faults(project) == [
        ("environment alpha", "lock changed since the build"),
        ("environment beta", "definition broken"),
    ]


def test_where_the_lock_itself_is_wrong_the_way_out_is_to_lock(project: Sandbox) -> None:
    project.write("requirements/alpha.txt", "quirk\nabsent\n")
    done = project.give("pipeline", "doctor", "alpha", "--json")
    (found,) = done.data["diagnoses"]
    assert (found["fault"], found["next"]) == ("lock doesn't fit", "pipeline env lock alpha")
    assert found["what"].startswith("requirements/alpha.txt:2: absent ")


def test_an_external_environment_that_no_job_could_use_is_told(project: Sandbox) -> None:
    project.write("config/environments/alpha.yaml", f"interpreter: {project.root}/nowhere\n")
    done = project.give("pipeline", "doctor", "alpha", "--json")
    assert done.code == 3
    (found,) = done.data["diagnoses"]
    assert found["fault"] == "can't be used"
    assert f"{project.root}/nowhere" in found["what"]


def test_a_half_built_folder_is_told(project: Sandbox) -> None:
    (project.root / "venv/.builds/0123456789abcdef.01234567").mkdir()
    (project.root / "venv/.builds/alpha-0123456789abcdef.01234567").mkdir()  # of an earlier version
    assert faults(project, "alpha") == 2 * [("environments", "half-built folder")]


def test_an_unknown_name_is_a_mistake(project: Sandbox) -> None:
    assert project.give("pipeline", "doctor", "alfa").code == 2


def test_a_repair_of_what_is_whole_does_nothing(project: Sandbox) -> None:
    before = (project.root / "venv/alpha").readlink()
    done = project.give("bootstrap", "--repair")
    assert done.code == 0
    assert "alpha" in done.err
    assert "beta" not in done.err
    assert (project.root / "venv/alpha").readlink() == before


def test_two_repairs_at_once_make_one_build(project: Sandbox) -> None:
    os.truncate(module(project), 3)
    running = [project.start("bootstrap", "--repair") for _ in range(3)]
    told = [each.communicate(timeout=120)[1].decode() for each in running]
    assert [each.returncode for each in running] == [0, 0, 0]
    assert sum("repaired" in each for each in told) == 1
    assert len(build_folders(project.root / "venv/.builds")) == 2


@pytest.mark.parametrize("words", [("--all",), ("--force",), ("--model", "tiny")])
def test_a_repair_goes_with_names_alone(project: Sandbox, words: tuple[str, ...]) -> None:
    assert project.give("bootstrap", "--repair", *words).code == 2


def test_packages_that_install_the_same_file_take_a_deep_look(project: Sandbox, tmp_path: Path) -> None:
    """A build from before such packages were refused has what this one has without the setting."""
    wheels = [
        wheel_of(tmp_path / "wheels", name, {"common.py": name.encode()}, metadata="Requires-Python: <3.99\n")
        for name in ("one", "two")
    ]
    digests = [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels]
    project.write("requirements/both.txt", "one\ntwo\n")
    pins = (f"{name}==1.0 --hash=sha256:{digest}\n" for name, digest in zip(("one", "two"), digests, strict=True))
    project.write("requirements/both.lock", "".join(pins))
    project.write("config/environments/both.yaml", 'python: ">=3.11"\noverlaps: {prefer: [two]}\n')
    done = project.give("bootstrap", "--env", "both")
    assert done.code == 0, done.err
    assert faults(project, "both", "--deep") == []
    project.write("config/environments/both.yaml", 'python: ">=3.11"\n')
    assert ("environment both", "packages overlap") in faults(project, "both", "--deep")
