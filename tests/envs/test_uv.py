"""Finding uv, and the variables that it gets."""

from pathlib import Path

import pytest

from pipeline.envs import uv
from pipeline.errors import ExitCode, NotReady


def test_without_uv_the_message_says_what_installs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(uv, "PRIVATE", tmp_path / "uv")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotReady) as refused:
        uv.find()
    assert refused.value.exit_code == ExitCode.NOT_READY
    assert refused.value.next_step == "./bootstrap.sh"


def test_uv_of_the_project_comes_before_that_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("private", "machine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "uv").write_text("#!/bin/sh\n")
        (tmp_path / name / "uv").chmod(0o755)
    monkeypatch.setattr(uv, "PRIVATE", tmp_path / "private/uv")
    monkeypatch.setenv("PATH", str(tmp_path / "machine"))
    assert uv.find() == tmp_path / "private/uv"
    (tmp_path / "private/uv").chmod(0o644)
    assert uv.find() == tmp_path / "machine/uv"


def test_uv_that_is_installed_beside_this_package_comes_before_that_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("tool/bin", "machine"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "uv").write_text("#!/bin/sh\n")
        (tmp_path / name / "uv").chmod(0o755)
    monkeypatch.setattr(uv, "PRIVATE", tmp_path / "private/uv")
    monkeypatch.setattr("sys.prefix", str(tmp_path / "tool"))
    monkeypatch.setenv("PATH", str(tmp_path / "machine"))
    assert uv.find() == tmp_path / "tool/bin/uv"


def test_an_installed_tool_gets_uv_by_its_own_interpreter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(uv, "PRIVATE", tmp_path / "uv")
    monkeypatch.setattr(uv, "IN_CHECKOUT", False)
    monkeypatch.setattr("sys.executable", "/some where/python")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotReady) as refused:
        uv.find()
    assert refused.value.next_step == "'/some where/python' -m pip install uv"


def test_where_packages_come_from_is_the_machine_s_business_and_the_rest_is_not() -> None:
    given = {
        "PYTHONPATH": "x",
        "UV_INDEX_URL": "u",
        "UV_OFFLINE": "1",
        "UV_PYTHON": "p",
        "UV_CONFIG_FILE": "c",
        "HTTPS_PROXY": "h",
    }
    assert uv.variables(given) == {
        "UV_INDEX_URL": "u",
        "UV_OFFLINE": "1",
        "HTTPS_PROXY": "h",
        "UV_NO_CONFIG": "1",
        "UV_NO_PROGRESS": "1",
        "PYTHONNOUSERSITE": "1",
    }


def test_files_are_copied_so_that_damage_to_an_environment_is_not_damage_to_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(uv, "clones", lambda *_: False)
    assert uv.link_mode("auto", tmp_path) == "copy"
    assert uv.link_mode("hardlink", tmp_path) == "hardlink"
    monkeypatch.setattr(uv, "clones", lambda *_: True)
    assert uv.link_mode("auto", tmp_path) == "clone"


def test_nothing_is_linked_where_the_cache_is_on_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", "/proc")
    assert uv.link_mode("hardlink", tmp_path) == "copy"
    assert uv.variables({}, "copy")["UV_LINK_MODE"] == "copy"


def test_a_cache_that_is_not_there_yet_is_taken_to_share_the_disk(tmp_path: Path) -> None:
    assert uv.shares_disk(tmp_path / "nowhere", tmp_path)
    assert uv.shares_disk(tmp_path, tmp_path)
    assert not uv.shares_disk(Path("/proc"), tmp_path)


def test_uv_s_cache_is_where_uv_looks_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert uv.cache_folder() == Path.home() / ".cache/uv"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert uv.cache_folder() == tmp_path / "uv"
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "own"))
    assert uv.cache_folder() == tmp_path / "own"
