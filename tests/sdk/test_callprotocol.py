"""Frames between a program and a worker, over a socket pair in one process."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from pipeline.sdk.callprotocol import LOOKS, MOST_SKIPPED, AdaptiveSpin, CallConnection, Disconnected, TimeIsOver

Pair = tuple[CallConnection, CallConnection]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = map(CallConnection, socket.socketpair())
    yield ours, theirs
    ours.close()
    theirs.close()


def raw(stream: CallConnection, text: bytes) -> None:
    sending = socket.socket(fileno=stream.fileno())
    sending.sendall(struct.pack("<IIQ", len(text), 0, 0) + text)
    sending.detach()


def test_a_message_and_the_beginning_of_the_next_one_may_come_together(pair: Pair) -> None:
    ours, theirs = pair
    ours.send({"call": 1}, [b"abc", b""])
    ours.send({"call": 2})
    message, parts, _ = theirs.receive()
    assert (message, [bytes(each) for each in parts]) == ({"call": 1}, [b"abc", b""])
    assert theirs.receive() == ({"call": 2}, [], [])


def test_a_message_that_is_larger_than_what_is_read_at_once_comes_whole(pair: Pair) -> None:
    ours, theirs = pair
    text = "ä" * 300_000
    sending = threading.Thread(target=ours.send, args=({"text": text}, [bytes(200_000)]))
    sending.start()
    message, parts, _ = theirs.receive()
    sending.join()
    assert message["text"] == text
    assert bytes(parts[0]) == bytes(200_000)


@pytest.mark.parametrize("text", [b"[]", b"{", b'{"a":', b'{"a":1} x', b"", b"\xff", b'"text"', b"{" * 100_000])
def test_what_is_no_message_ends_the_connection(pair: Pair, text: bytes) -> None:
    raw(pair[0], text)
    with pytest.raises(Disconnected, match="what came is no message"):
        pair[1].receive()


def test_there_may_be_space_around_a_message(pair: Pair) -> None:
    raw(pair[0], b' {"a": 1}\n')
    assert pair[1].receive()[0] == {"a": 1}


def test_a_time_that_is_over_leaves_what_has_come(pair: Pair) -> None:
    ours, theirs = pair
    for _ in range(3):  # while it looks, and while it sleeps
        with pytest.raises(TimeIsOver):
            theirs.receive(time.monotonic() + 0.01)
    ours.send({"call": 1})
    assert theirs.receive(time.monotonic() + 5)[0] == {"call": 1}


def test_the_end_of_the_other_side_is_seen_while_it_is_looked_for_and_while_it_is_slept_for(pair: Pair) -> None:
    pair[0].close()
    for _ in range(3):
        with pytest.raises(Disconnected):
            pair[1].receive()


def test_messages_that_come_late_are_looked_for_ever_less_often() -> None:
    spin = AdaptiveSpin()
    looked = []
    for number in range(3 * MOST_SKIPPED):
        if spin.looks():
            looked.append(number)
            spin.failed()
    gaps = [later - earlier for earlier, later in pairwise(looked)]
    assert gaps[:4] == [2, 3, 5, 9]
    assert max(gaps) == MOST_SKIPPED + 1


def test_one_that_comes_soon_makes_it_look_again_for_the_next_ones() -> None:
    spin = AdaptiveSpin()
    for _ in range(5):
        while not spin.looks():
            pass
        spin.failed()
    while not spin.looks():
        pass
    spin.succeeded()
    assert spin.looks() == LOOKS
    spin.failed()
    assert [bool(spin.looks()) for _ in range(2)] == [False, True]
