"""A wheel's table of contents, read from its end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.envs.credentials import credentials
from pipeline.envs.packages import wheel_contents
from pipeline.envs.packages.wheel_contents import contents
from tests.conftest import wheel_of
from tests.package_index import served

FILES = {
    "quirk/__init__.py": b"",
    "quirk/table.bin": os.urandom(300_000),  # more than is read at once
    "quirk-1.0.data/scripts/tool": b"#!python\n",
    "quirk-1.0.data/purelib/other.py": b"x = 1\n",
    "quirk-1.0.data/data/share/quirk/data": b"1",
    "quirk-1.0.data/headers/quirk.h": b"",
    "quirk-1.0.dist-info/entry_points.txt": b"[console_scripts]\nCall = quirk:main\n[other]\nx = y\n",
}
EXPECTED = {
    "quirk/__init__.py",
    "quirk/table.bin",
    "other.py",
    "../../../bin/tool",
    "../../../bin/Call",
    "../../../share/quirk/data",
}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return wheel_of(tmp_path, "quirk", FILES, metadata="Requires-Python: <3.9\n")


@pytest.fixture
def parts(tmp_path: Path, wheel: Path) -> Iterator[str]:
    with served(tmp_path, "me:pass", sends_parts=True) as host:
        yield f"http://me:pass@{host}/files/{wheel.name}"


def test_a_file_of_this_machine_is_read(wheel: Path) -> None:
    found = contents(wheel.as_uri(), {})
    assert found is not None
    assert (set(found.files), found.requires_python) == (EXPECTED, "<3.9")


def test_a_server_is_asked_for_parts_alone(parts: str, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel_contents, "SMALL", 0)
    bare = parts.replace("me:pass@", "")
    assert contents(bare, credentials([parts], {})) == contents(wheel.as_uri(), {})
    assert contents(bare, {}) is None


def test_a_wheel_with_a_long_table_takes_more_parts(parts: str, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel_contents, "PART", 100)
    assert contents(parts, {}) == contents(wheel.as_uri(), {})


def test_a_server_that_sends_no_parts_is_asked_for_small_wheels_alone(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path) as host:
        url = f"http://{host}/files/{wheel.name}"
        assert contents(url, {}) == contents(wheel.as_uri(), {})
        monkeypatch.setattr(wheel_contents, "SMALL", 1000)
        assert contents(url, {}) is None


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_wheel_is_left_to_the_installer(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.whl").write_bytes(data)
    assert contents((tmp_path / "x.whl").as_uri(), {}) is None
    assert contents((tmp_path / "absent.whl").as_uri(), {}) is None
