"""Whether a job's input is still the file that the job was prepared for."""

import os
from pathlib import Path

import pytest

from pipeline.jobs import input_state
from pipeline.jobs.input_state import is_unchanged
from pipeline.jobs.plan import JobInput
from pipeline.prepare.inputs import describe
from pipeline.values import replace


@pytest.fixture
def film(tmp_path: Path) -> Path:
    film = tmp_path / "film.mp4"
    film.write_text("one")
    return film


@pytest.fixture
def described(film: Path) -> JobInput:
    return describe(film, None)


def rewrite(film: Path, text: str) -> None:
    """With the time of the old content, as within one tick of the clock, or by cp -p."""
    status = film.stat()
    film.write_text(text)
    os.utime(film, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_file_that_nobody_touched_is_not_read(
    film: Path, described: JobInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_state, "sha256_of_file", lambda _: pytest.fail("it is read"))
    assert is_unchanged(described, film)


@pytest.mark.parametrize("text", ["two", "another length"])
def test_other_content_with_the_same_time_is_another_file(film: Path, described: JobInput, text: str) -> None:
    rewrite(film, text)
    assert not is_unchanged(described, film)


@pytest.mark.long
def test_content_that_is_written_right_after_the_first_is_another_file(film: Path) -> None:
    """As a script does that prepares a job and goes on writing: in one tick, the file's time stays the same."""
    for number in range(20):
        film.write_text(f"{number:03}")
        described = describe(film, None)
        rewrite(film, f"{number + 1:03}")
        assert not is_unchanged(described, film)


def test_a_copy_with_the_same_content_is_the_same(film: Path, described: JobInput) -> None:
    content = film.read_bytes()
    film.unlink()
    film.write_bytes(content)
    film.chmod(0o600)
    assert is_unchanged(described, film)
    assert not is_unchanged(replace(described, digest="sha256:" + "0" * 64), film)


def test_a_plan_of_an_earlier_version_has_only_the_time(film: Path, described: JobInput) -> None:
    earlier = replace(described, ctime_ns=None)
    film.chmod(0o600)
    assert is_unchanged(earlier, film)
    os.utime(film, (1, 1))
    assert not is_unchanged(earlier, film)
