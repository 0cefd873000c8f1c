"""Where the body of a message ends, however its bytes are cut into pieces."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.services.front.bodies import BadBody, Body, ChunkedBody, EndlessBody, LengthBody

CHUNKED = b"5\r\nhello\r\n10;name=value\r\n0123456789abcdef\r\n0\r\nTrailer: 1\r\n\r\n"
NEXT = b"GET / HTTP/1.1\r\n\r\n"


def taken(body: Body, data: bytes, cuts: list[int]) -> bytes:
    """What the body took, fed piece by piece."""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    found = b""
    for start, end in itertools.pairwise(edges):
        piece = data[start:end]
        found += piece[: body.feed(piece)]
    return found


@given(st.lists(st.integers(min_value=0)))
def test_a_chunked_body_ends_after_its_trailers(cuts: list[int]) -> None:
    body = ChunkedBody()
    assert taken(body, CHUNKED + NEXT, cuts) == CHUNKED
    assert body.is_whole


@given(st.lists(st.integers(min_value=0)))
def test_a_body_with_a_length_ends_there(cuts: list[int]) -> None:
    body = LengthBody(5)
    assert taken(body, b"hello" + NEXT, cuts) == b"hello"
    assert body.is_whole


def test_no_body_is_whole_at_once() -> None:
    assert LengthBody().is_whole


def test_a_body_without_an_announced_end_takes_all() -> None:
    body = EndlessBody()
    assert taken(body, b"anything", [3]) == b"anything"
    assert not body.is_whole


def test_a_chunked_body_that_is_cut_off_is_not_whole() -> None:
    body = ChunkedBody()
    body.feed(CHUNKED[:-3])
    assert not body.is_whole


@pytest.mark.parametrize("line", [b"zz\r\n", b"-5\r\n", b"+5\r\n", b"0x5\r\n", b"\r\n", b"5_0\r\n", b"1" * 20_000])
def test_what_is_no_size_of_a_chunk_is_refused(line: bytes) -> None:
    with pytest.raises(BadBody):
        ChunkedBody().feed(line)
