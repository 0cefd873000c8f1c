"""What is read while others are being installed counts only if it stays as it was."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.envs.building.alongside import SETTLED, Alongside
from pipeline.envs.proving.reading import FAST, Content, Reader, written

SECONDS = 10


@pytest.fixture
def site_packages(tmp_path: Path) -> Path:
    """A package that an installer has just finished."""
    return package(tmp_path, "quirk", b"first")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read, as it happens."""
    names: list[str] = []
    real = Reader.read

    def reading(self: Reader, path: str, algorithms: set[str]) -> Content:
        content = real(self, path, algorithms)
        names.append(os.path.basename(path))
        return content

    monkeypatch.setattr(Reader, "read", reading)
    return names


def package(folder: Path, name: str, data: bytes) -> Path:
    import hashlib

    dist_info = folder / f"{name}-1.0.dist-info"
    dist_info.mkdir()
    (folder / f"{name}.py").write_bytes(data)
    digest = written("sha256", hashlib.sha256(data).digest())
    (dist_info / "RECORD").write_text(f"{name}.py,{digest},{len(data)}\n")
    (dist_info / "INSTALLER").write_text("uv")
    return folder


def wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_package_is_read_before_everything_is_installed_and_not_again(site_packages: Path, read: list[str]) -> None:
    with Alongside(site_packages) as reading:
        wait_for(lambda: "quirk.py" in read)
        compared = reading.result()
    assert compared.damaged == ()
    assert compared.contents["quirk.py"].digests.keys() == {"sha256", FAST}
    assert read == ["quirk.py"]


def test_a_file_that_changes_afterwards_is_read_again_whatever_its_time_says(
    site_packages: Path, read: list[str]
) -> None:
    file = site_packages / "quirk.py"
    with Alongside(site_packages) as reading:
        wait_for(lambda: "quirk.py" in read)
        status = file.stat()
        file.write_bytes(b"other")
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        (damaged,) = reading.result().damaged
    assert str(damaged) == "quirk: quirk.py has other content"
    assert read == ["quirk.py", "quirk.py"]


def test_a_file_that_was_written_just_before_it_was_read_is_read_again(
    site_packages: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.envs.building.alongside._written", lambda *_: True)
    monkeypatch.setattr("pipeline.envs.building.alongside.SETTLED", SETTLED * 1000)
    with Alongside(site_packages) as reading:
        wait_for(lambda: "quirk.py" in read)
        reading.result()
    assert read == ["quirk.py", "quirk.py"]


def test_a_package_without_its_installer_s_name_is_left_until_everything_is_there(
    site_packages: Path, read: list[str]
) -> None:
    package(site_packages, "late", b"late")
    (site_packages / "late-1.0.dist-info/INSTALLER").unlink()
    with Alongside(site_packages) as reading:
        wait_for(lambda: "quirk.py" in read)
        time.sleep(0.1)
        assert "late.py" not in read
        assert reading.result().contents.keys() == {"quirk.py", "late.py"}


def test_a_package_that_has_no_readable_record_yet_is_told_at_the_end(site_packages: Path) -> None:
    (site_packages / "quirk-1.0.dist-info/RECORD").write_bytes(b"\xff\xfe\0")
    with Alongside(site_packages) as reading:
        time.sleep(0.15)
        (damaged,) = reading.result().damaged
    assert "RECORD can't be read" in str(damaged)


def test_nothing_is_read_after_a_failed_installation(site_packages: Path, read: list[str]) -> None:
    with pytest.raises(RuntimeError), Alongside(site_packages):
        raise RuntimeError
    read.clear()
    time.sleep(0.15)
    assert read == []
