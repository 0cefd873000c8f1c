"""Files are read once, by however many threads, and all digests are of the same bytes."""

import hashlib
from pathlib import Path

import pytest
from blake3 import blake3

from pipeline.envs.verification import file_digests
from pipeline.envs.verification.comparison import ExpectedFile, compare
from pipeline.envs.verification.file_digests import FAST, Reader, as_recorded


def sha256(data: bytes) -> str:
    return as_recorded("sha256", hashlib.sha256(data).digest())


def test_all_digests_are_of_the_same_bytes_also_of_a_file_larger_than_the_buffer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_digests, "BUFFER", 7)
    data = bytes(range(250))
    (tmp_path / "file").write_bytes(data)
    content = Reader().read(str(tmp_path / "file"), ("sha256", FAST))
    assert content.digests == {"sha256": sha256(data), FAST: as_recorded(FAST, blake3(data).digest())}
    assert content.size == 250


def test_one_buffer_serves_for_files_of_any_length(tmp_path: Path) -> None:
    reader = Reader()
    for data in (b"long enough", b"", b"short"):
        (tmp_path / "file").write_bytes(data)
        assert reader.read(str(tmp_path / "file"), ("sha256",)).digests["sha256"] == sha256(data)


def test_every_file_is_compared_by_however_many_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = []
    for number in range(50):
        data = bytes(number * 1000)
        (tmp_path / str(number)).write_bytes(data)
        expected.append(ExpectedFile("package", str(number), sha256(data), len(data)))
    (tmp_path / "7").write_bytes(b"other")
    for threads in (1, 2, 4):
        monkeypatch.setattr("pipeline.envs.verification.comparison.THREADS", threads)
        compared = compare(tmp_path, expected)
        assert len(compared.contents) == 50
        assert [each.file for each in compared.damaged] == ["7"]
