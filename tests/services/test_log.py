"""The log of a service, and following it."""

import os
from pathlib import Path

import pytest

from pipeline.services import log as logs
from pipeline.services.growing_log import GrowingLog
from pipeline.services.log import ServiceLog

TOKEN = ["abcdef0123456789"]


def test_lines_are_written_whole_and_the_token_never_is(tmp_path: Path) -> None:
    log = ServiceLog(tmp_path / "deep" / "log", TOKEN)
    for part in (b"one\ntw", b"o abcdef01", b"23456789 x\r\n", b"rest"):
        log.take(part)
    assert log.path.read_bytes() == b"one\ntwo *** x\n"
    assert log.last_lines == ("one", "two *** x", "rest")
    log.close()
    assert log.path.read_bytes() == b"one\ntwo *** x\nrest\n"
    assert log.path.stat().st_mode & 0o077 == 0


def test_the_last_lines_are_those_of_the_program_that_began_last(tmp_path: Path) -> None:
    log = ServiceLog(tmp_path / "log", TOKEN)
    log.take(b"earlier\n")
    log.begin("started")
    assert log.last_lines == ()
    for number in range(100):
        log.take(b"%d\n" % number)
    assert log.last_lines == tuple(str(number) for number in range(60, 100))
    log.close()


def test_a_line_without_end_takes_no_memory_without_end(tmp_path: Path) -> None:
    log = ServiceLog(tmp_path / "log", TOKEN)
    for _ in range(10):
        log.take(b"x" * 50_000)
    assert log.path.stat().st_size > 400_000
    assert max(map(len, log.last_lines)) == 500
    log.close()


def test_a_full_log_is_put_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST", 1000)
    log = ServiceLog(tmp_path / "log", TOKEN)
    for number in range(500):
        log.take(b"line %d\n" % number)
    log.close()
    assert sorted(os.listdir(tmp_path)) == ["log", "log.1"]
    assert all((tmp_path / name).stat().st_size < 1020 for name in ("log", "log.1"))
    assert (tmp_path / "log").read_text().endswith("line 499\n")


def test_a_log_that_can_t_be_written_ends_no_service(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = ServiceLog(tmp_path / "file" / "log", TOKEN)
    log.take(b"said\n")
    assert log.last_lines == ("said",)
    log.close()


def test_who_listens_gets_each_line(tmp_path: Path) -> None:
    heard: list[bytes] = []
    log = ServiceLog(tmp_path / "log", TOKEN, heard.append)
    log.take(b"a\nabcdef0123456789\n")
    log.close()
    assert heard == [b"a", b"***"]


def test_following_begins_with_the_last_lines_and_goes_on_in_the_next_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("1\n2\n3\n")
    following = GrowingLog(path, 2)
    assert following.new_lines() == ["2", "3"]
    assert following.new_lines() == []
    with path.open("a") as file:
        file.write("4\n5")
    assert following.new_lines() == ["4"]
    with path.open("a") as file:
        file.write("5\n")
    path.rename(tmp_path / "log.1")
    path.write_text("6\n")
    assert following.new_lines() == ["55", "6"]
    following.close()


def test_a_log_that_isn_t_there_yet_has_no_lines(tmp_path: Path) -> None:
    following = GrowingLog(tmp_path / "log", 5)
    assert following.new_lines() == []
    (tmp_path / "log").write_text("1\n")
    assert following.new_lines() == ["1"]
    following.close()


def test_of_no_lines_only_new_ones_are_shown(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("1\n")
    following = GrowingLog(tmp_path / "log", 0)
    assert following.new_lines() == []
    following.close()
