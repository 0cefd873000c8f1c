"""Messages over NOTIFY_SOCKET."""

import os
import socket
from pathlib import Path

import pytest

from pipeline.services.events import Notification
from pipeline.services.notifications import NotificationSocket, parsed


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"READY=1", Notification(is_ready=True)),
        (b"READY=1\nSTATUS=up\n", Notification(is_ready=True, status="up")),
        (b"READY=0", Notification()),
        (b"STOPPING=1", Notification(is_stopping=True)),
        (b"WATCHDOG=1", Notification(is_alive=True)),
        (b"WATCHDOG=trigger", Notification(is_ill=True)),
        (b"WATCHDOG_USEC=2500000", Notification(watchdog=2.5)),
        (b"EXTEND_TIMEOUT_USEC=1000000", Notification(extension=1.0)),
        (b"EXTEND_TIMEOUT_USEC=-1", Notification()),
        (b"EXTEND_TIMEOUT_USEC=0", Notification()),
        ("EXTEND_TIMEOUT_USEC=\u0663".encode(), Notification()),
        (b"EXTEND_TIMEOUT_USEC=" + b"9" * 4000, Notification(extension=1e9)),
        (b"STATUS=", Notification(status="")),
        (b"STATUS=\x1b[2Jwiped\x07", Notification(status="[2Jwiped")),
        (b"STATUS=\xff\xfe", Notification(status="\ufffd\ufffd")),
        (b"\n=\nFDSTORE=1\nMAINPID=1\nnothing", Notification()),
        (b"", Notification()),
    ],
)
def test_what_a_message_says(data: bytes, expected: Notification) -> None:
    assert parsed(data) == expected


def test_long_words_are_cut() -> None:
    status = parsed(b"STATUS=" + b"x" * 3000).status
    assert status is not None
    assert len(status) == 200


def sent(address: str, *messages: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        for message in messages:
            channel.sendto(message, "\0" + address[1:] if address.startswith("@") else address)


@pytest.mark.parametrize("name", ["short", "x" * 150])
def test_messages_arrive_also_where_the_folder_s_name_is_too_long_for_a_socket(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    listening = NotificationSocket(folder)
    assert listening.read() == []
    sent(listening.address, b"STATUS=a", b"READY=1")
    assert listening.read() == [Notification(status="a"), Notification(is_ready=True)]
    listening.close()
    assert os.listdir(folder) == []
