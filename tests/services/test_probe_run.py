"""Tries at real sockets and commands."""

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.services.definition import CommandProbe, HttpProbe, ServiceProbe, TcpProbe, Way
from pipeline.services.events import TryResult
from pipeline.services.probe_run import ProbeRun

LOCAL = "127.0.0.1"
VARIABLES = {"PATH": os.environ["PATH"]}


@contextlib.contextmanager
def answering(answer: bytes, pause: float = 0.0) -> Iterator[int]:
    """The port of a server that reads a request and answers in this way."""
    with socket.create_server((LOCAL, 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.recv(4096)
                    time.sleep(pause)
                    for number in range(0, len(answer), 3):
                        connection.sendall(answer[number : number + 3])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]


def asked(folder: Path, way: Way, port: int = 0, is_ready: bool = False, timeout: float = 5.0) -> TryResult:
    prober = ProbeRun(LOCAL, folder / "probe")
    result = prober.begin(ServiceProbe(way, timeout=timeout), {"http": port}, VARIABLES, is_ready)
    while result is None:
        poller = select.poll()
        for descriptor, events in prober.interests().items():
            poller.register(descriptor, events)
        due = prober.due()
        assert due is not None
        poller.poll(max(0.0, due - time.monotonic()) * 1000 + 1)
        result = prober.result()
    assert prober.due() is None
    return result


@pytest.mark.parametrize(
    ("answer", "is_well"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.0 204 Nothing\r\n", True),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", True),
        (b"HTTP/1.1 503 Loading\r\n\r\n", False),
        (b"HTTP/1.1 404\r\n", False),
        (b"HTTP/1.1 429 Busy\r\n", False),
        (b"SSH-2.0-OpenSSH\r\n", False),
        (b"HTTP/1.1 abc\r\n", False),
        (b"HTTP/1.1 200 no end", False),
        (b"", False),
    ],
)
def test_an_answer_is_judged_by_its_first_line(tmp_path: Path, answer: bytes, is_well: bool) -> None:
    with answering(answer) as port:
        assert asked(tmp_path, HttpProbe("/health"), port).is_well is is_well


def test_a_server_that_is_busy_is_alive(tmp_path: Path) -> None:
    with answering(b"HTTP/1.1 429 Busy\r\n") as port:
        assert asked(tmp_path, HttpProbe("/"), port, is_ready=True).is_well


def test_no_answer_in_time_is_none(tmp_path: Path) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n", pause=30) as port:
        result = asked(tmp_path, HttpProbe("/"), port, timeout=0.2)
    assert result == TryResult(False, "there was no answer in time")


@pytest.mark.parametrize("way", [TcpProbe(), HttpProbe("/")])
def test_a_port_on_which_nothing_listens_is_told_as_that(tmp_path: Path, way: Way) -> None:
    with socket.socket() as bound:
        bound.bind((LOCAL, 0))
        result = asked(tmp_path, way, bound.getsockname()[1])
    assert (result.is_well, result.was_noticed) == (False, False)


def test_a_port_that_takes_connections_is_well(tmp_path: Path) -> None:
    with socket.create_server((LOCAL, 0)) as server:
        assert asked(tmp_path, TcpProbe(), server.getsockname()[1]).is_well


def test_a_command_is_well_where_it_ends_with_0(spawning: None, tmp_path: Path) -> None:
    assert asked(tmp_path, CommandProbe(("sh", "-c", "exit 0"))).is_well
    result = asked(tmp_path, CommandProbe(("sh", "-c", "echo first; echo no $0; exit 3", "{port.http}")), 7)
    assert result == TryResult(False, "sh ended with 3: no 7")


def test_a_command_that_takes_too_long_is_ended(spawning: None, tmp_path: Path) -> None:
    started = time.monotonic()
    assert not asked(tmp_path, CommandProbe(("sleep", "100")), timeout=0.2).is_well
    assert time.monotonic() - started < 30


def test_a_command_that_isn_t_there_is_told(tmp_path: Path) -> None:
    result = asked(tmp_path, CommandProbe(("no-such-program",)))
    assert not result.is_well
    assert "no-such-program" in result.text


def test_only_the_last_command_s_output_is_kept(spawning: None, tmp_path: Path) -> None:
    for _ in range(5):
        asked(tmp_path, CommandProbe(("sh", "-c", "echo said; exit 1")))
    assert (tmp_path / "probe").read_text() == "said\n"
