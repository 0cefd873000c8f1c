"""Whether the disk has room for a job."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from pipeline.config.workflows import DiskUse
from pipeline.errors import NotReady
from pipeline.media.probe import Media
from pipeline.prepare import disk_space
from pipeline.project import ProjectFolder

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024  # as shutil's
USE = DiskUse(per_second=32_000, of_input=1.5)


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    file = tmp_path / "movie.mkv"
    file.write_bytes(b"x" * 1000)
    return file


def test_the_estimate_is_made_of_length_and_size() -> None:
    assert disk_space.estimate(USE, 1000, 36_000.0) == 32_000 * 36_000 + 1500
    assert disk_space.estimate(USE, 1000, None) == 1500
    assert disk_space.estimate(DiskUse(), 1000, 36_000.0) == 0


def test_a_full_disk_is_told_before_any_work(tmp_path: Path, movie: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 1 << 30))
    assert disk_space.require(ProjectFolder(tmp_path), USE, movie, Media(60.0), 0) == 60 * 32_000 + 1500
    with pytest.raises(NotReady, match=r"1\.1 GiB.* 1 GiB .*/jobs "):
        disk_space.require(ProjectFolder(tmp_path), USE, movie, Media(36_000.0), 0)


def test_what_other_jobs_will_take_is_counted(tmp_path: Path, movie: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 1 << 30))
    with pytest.raises(NotReady, match=r"1 GiB.*1 GiB"):
        disk_space.require(ProjectFolder(tmp_path), USE, movie, Media(60.0), 1 << 30)
