"""Files are read once, and what was read counts as long as nobody has changed them."""

import hashlib
import os
from pathlib import Path

import pytest
from blake3 import blake3

from pipeline.envs.proving import reading
from pipeline.envs.proving.comparing import Expected, compare
from pipeline.envs.proving.reading import FAST, Reader, written


def sha256(data: bytes) -> str:
    return written("sha256", hashlib.sha256(data).digest())


def test_all_digests_are_of_the_same_bytes_also_of_a_file_larger_than_the_buffer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BUFFER", 7)
    data = bytes(range(250))
    (tmp_path / "file").write_bytes(data)
    content = Reader().read(str(tmp_path / "file"), ("sha256", FAST))
    assert content.digests == {"sha256": sha256(data), FAST: written(FAST, blake3(data).digest())}
    assert content.size == 250


def test_one_buffer_serves_for_files_of_any_length(tmp_path: Path) -> None:
    reader = Reader()
    for data in (b"long enough", b"", b"short"):
        (tmp_path / "file").write_bytes(data)
        assert reader.read(str(tmp_path / "file"), ("sha256",)).digests["sha256"] == sha256(data)


def change(file: Path) -> None:
    """As nobody sees who compares sizes and times of writing."""
    status = file.stat()
    file.write_bytes(b"other")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace(file: Path) -> None:
    status = file.stat()
    file.rename(file.with_name("aside"))
    file.write_bytes(b"first")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("harm", [change, replace, Path.unlink])
def test_what_was_read_of_a_file_that_changed_since_does_not_count(tmp_path: Path, harm: object) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"first")
    os.utime(file, ns=(0, 0))
    content = Reader().read(str(file), ("sha256",))
    assert content.still_stands(str(file))
    harm(file)  # type: ignore[operator]
    assert not content.still_stands(str(file))


def test_a_file_that_was_read_before_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"first")
    expected = Expected("package", "file", sha256(b"first"), 5)
    earlier = compare(tmp_path, [expected], also=FAST).contents
    monkeypatch.setattr(Reader, "read", lambda *_: pytest.fail("it was read again"))
    again = compare(tmp_path, [expected], earlier, also=FAST)
    assert (again.damaged, again.contents) == ((), earlier)


def test_an_earlier_reading_without_the_digest_that_is_asked_for_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"first")
    expected = Expected("package", "file", sha256(b"first"), 5)
    earlier = compare(tmp_path, [expected]).contents
    assert compare(tmp_path, [expected], earlier, also=FAST).contents["file"].digests.keys() == {"sha256", FAST}


def test_every_file_is_compared_by_however_many_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = []
    for number in range(50):
        data = bytes(number * 1000)
        (tmp_path / str(number)).write_bytes(data)
        expected.append(Expected("package", str(number), sha256(data), len(data)))
    (tmp_path / "7").write_bytes(b"other")
    for threads in (1, 2, 4):
        monkeypatch.setattr("pipeline.envs.proving.comparing.THREADS", threads)
        compared = compare(tmp_path, expected)
        assert len(compared.contents) == 50
        assert [each.file for each in compared.damaged] == ["7"]
