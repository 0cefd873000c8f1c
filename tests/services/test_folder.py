"""Folders of services: who may start one, and what is swept."""

import os
import socket
import threading
from pathlib import Path

import pytest

from pipeline.executors.runtime_folder import Unavailable
from pipeline.services.folder import LOCK, SERVICES, SOCKET, ServiceFolder, all_in, sweep_all

KEY = "sha256:0123456789abcdef0123"


def test_a_folder_is_made_for_its_user_alone(tmp_path: Path) -> None:
    folder = ServiceFolder.of(tmp_path / "pipeline", KEY)
    with folder.locked():
        assert folder.path == tmp_path / "pipeline" / SERVICES / "0123456789abcdef"
        made = (folder.path, folder.path.parent, folder.path.parents[1])
        assert [path.stat().st_mode & 0o077 for path in made] == [0, 0, 0]


def test_only_one_has_the_lock(tmp_path: Path) -> None:
    folder = ServiceFolder.of(tmp_path, KEY)
    with folder.locked(), pytest.raises(Unavailable), folder.locked(seconds=0.1):
        pass


def test_who_waits_for_the_lock_of_a_folder_that_is_removed_gets_that_of_the_next_one(tmp_path: Path) -> None:
    folder = ServiceFolder.of(tmp_path, KEY)
    got = threading.Event()

    def wait() -> None:
        with folder.locked():
            assert folder.file(LOCK).exists()
            got.set()

    waiting = threading.Thread(target=wait)
    with folder.locked(), folder.file(LOCK).open() as removed:
        waiting.start()
        folder.remove()
        assert not os.fstat(removed.fileno()).st_nlink
    waiting.join(30)
    assert got.is_set()


def test_what_nobody_holds_is_swept_and_what_answers_stays(tmp_path: Path) -> None:
    live, dead = ServiceFolder.of(tmp_path, "1" * 20), ServiceFolder.of(tmp_path, "2" * 20)
    with live.locked():
        listener = live.listen()
    with dead.locked():
        dead.listen().close()
    (dead.path / "work").mkdir()
    (dead.path / "work" / "file").write_text("")
    sweep_all(tmp_path)
    assert [folder.path for folder in all_in(tmp_path)] == [live.path]
    listener.close()


def test_one_that_is_being_started_isn_t_swept(tmp_path: Path) -> None:
    folder = ServiceFolder.of(tmp_path, KEY)
    with folder.locked():
        sweep_all(tmp_path)
        assert folder.file(LOCK).exists()


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / SERVICES).mkdir()
    (tmp_path / SERVICES).chmod(0o755)
    with pytest.raises(Unavailable, match="may enter"), ServiceFolder.of(tmp_path, KEY).locked():
        pass


def test_a_long_path_is_no_hindrance(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir(mode=0o700)
    folder = ServiceFolder.of(deep, KEY)
    with folder.locked():
        listener = folder.listen()
        folder.connect().close()
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        folder.connect()


def test_nothing_is_made_where_somebody_only_looks(tmp_path: Path) -> None:
    folder = ServiceFolder.of(tmp_path / "pipeline", KEY)
    with pytest.raises(FileNotFoundError), folder.locked(makes=False):
        pass
    assert all_in(tmp_path / "pipeline") == []
    assert os.listdir(tmp_path) == []


def test_a_socket_that_was_left_is_replaced(tmp_path: Path) -> None:
    folder = ServiceFolder.of(tmp_path, KEY)
    with folder.locked():
        folder.listen().close()
        with folder.listen() as listener:
            assert isinstance(listener, socket.socket)
            folder.connect().close()
        assert folder.file(SOCKET).exists()
