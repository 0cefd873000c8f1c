"""What a worker's server and its clients write, the other end reads."""

import os
import socket
from pathlib import Path

import pytest

from pipeline.sdk import server_protocol
from pipeline.sdk.server_protocol import Answer, BusyRecord, ServerArguments, ServerStatus


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (Answer(Answer.OWNER, 7), b"=owner 7 "),
        (Answer(Answer.EXIT, -9, "a stage left\na thread"), b"=exit -9 a stage left a thread"),
    ],
)
def test_an_answer_is_a_line_of_its_own(answer: Answer, line: bytes) -> None:
    assert answer.encode() == b"\n" + line + b"\n"
    read = Answer.decode(line)
    assert read is not None
    assert (read.word, read.number, read.reason) == (answer.word, answer.number, answer.reason.replace("\n", " "))


@pytest.mark.parametrize("line", [b'{"note": "="}', b"=", b"=exit", b"=exit soon", b""])
def test_a_line_that_is_no_answer_is_none(line: bytes) -> None:
    assert Answer.decode(line) is None


def test_an_answer_has_a_bound() -> None:
    assert len(Answer(Answer.LOST, 1, "x" * 10_000).encode()) < 2100


def test_a_busy_record_has_its_size_and_is_read_as_it_was_written() -> None:
    data = BusyRecord("token", 7, 123, "job/a stage/1").encode()
    record = BusyRecord.decode(data)
    assert record is not None
    assert vars(record) == {"token": "token", "pid": 7, "started": 123, "id": "job/a stage/1"}
    assert len(data) == len(BusyRecord("t", 1, 2, "x" * 999).encode()) == len(BusyRecord.NOTHING) == BusyRecord.SIZE


@pytest.mark.parametrize("data", [b"", BusyRecord.NOTHING, b"token 7", b"token seven 1 id", b"\xff"])
def test_what_is_no_busy_record_is_none(data: bytes) -> None:
    assert BusyRecord.decode(data) is None


def test_the_words_of_a_server_are_read_as_they_were_written() -> None:
    arguments = ServerArguments(Path("/run/user"), "worker-1", 0.5, 1000, 8 << 30, -1)
    assert vars(ServerArguments.decode(arguments.encode())) == vars(arguments)


def test_a_status_is_read_as_it_was_written() -> None:
    status = ServerStatus(1, 2, "/env", 3, True, 4.5, 0.0)
    assert vars(ServerStatus.decode(status.encode())) == vars(status)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"owner": 1, "surprise": 2}'])
def test_what_is_no_status_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"line 1|argument"):
        ServerStatus.decode(data)


def test_descriptors_travel_with_a_request_and_are_not_inherited() -> None:
    reading, writing = os.pipe()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        server_protocol.send(ours, server_protocol.LEASE, [writing])
        request, descriptors = server_protocol.receive(theirs)
        assert server_protocol.is_own_user(theirs)
    assert request == server_protocol.LEASE
    assert [os.get_inheritable(each) for each in descriptors] == [False]
    os.write(descriptors[0], b"through")
    assert os.read(reading, 16) == b"through"
    os.close(descriptors[0])
    os.close(writing)
    os.close(reading)
