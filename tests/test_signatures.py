"""Whether a file's status is enough to know that it is the same file."""

import os
import time
from pathlib import Path

import pytest

from pipeline import signatures
from pipeline.signatures import Signature, settled_signature_of, signature_of

NOW = 1_700_000_000_000_000_123


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "file"
    file.write_text("one")
    return file


def test_other_bytes_with_the_same_size_and_time_have_another_signature(file: Path) -> None:
    before, status = settled_signature_of(file), file.stat()
    file.write_text("two")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    now = signature_of(file)
    assert (now.size, now.mtime_ns) == (before.size, before.mtime_ns)
    assert now != before


@pytest.mark.parametrize(
    ("ctime_ns", "settled"),
    [
        (NOW - 1_000_000, False),
        (NOW - signatures.TICK - 1, True),
        (NOW + 5_000_000_000, False),
        (1_699_999_999_000_000_000, False),  # whole seconds
        (1_699_999_990_000_000_000, True),
    ],
)
def test_a_signature_of_the_present_tick_is_not_trusted(ctime_ns: int, settled: bool) -> None:
    assert Signature(1, 1, 1, ctime_ns).is_settled(NOW) is settled


def test_a_settled_signature_is_one_that_can_be_trusted(file: Path) -> None:
    assert settled_signature_of(file).is_settled(time.time_ns())


def test_a_clock_that_is_ahead_is_not_waited_for(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "signature_of", lambda _: Signature(1, 1, 1, time.time_ns() + 10**12))
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
    settled_signature_of(file)
