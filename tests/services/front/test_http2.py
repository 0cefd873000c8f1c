"""The frames of HTTP/2, and the place where another one may stand."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.services.front.http2 import CONTINUATION, END_HEADERS, GOAWAY, HEADERS, LEAVE, ServerFrames


def frame(kind: int, content: bytes = b"", flags: int = 0) -> bytes:
    return len(content).to_bytes(3, "big") + bytes([kind, flags]) + bytes(4) + content


SETTINGS, DATA = frame(4), frame(0, b"hello")


def places(data: bytes, cuts: list[int]) -> set[int]:
    """Where another frame may stand."""
    frames, found, place = ServerFrames(), set(), 0
    edges = [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for edge in edges:
        while place < edge:
            place += frames.feed(data[place:edge], stops=True)
            if frames.is_between:
                found.add(place)
    return found


@given(st.lists(st.integers(min_value=0)))
def test_another_frame_may_stand_between_frames_however_they_are_cut(cuts: list[int]) -> None:
    assert places(SETTINGS + DATA + SETTINGS, cuts) == {9, 23, 32}


@given(st.lists(st.integers(min_value=0)))
def test_headers_and_their_continuation_stay_together(cuts: list[int]) -> None:
    block = frame(HEADERS, b"ab") + frame(CONTINUATION, b"c") + frame(CONTINUATION, b"", END_HEADERS)
    assert places(SETTINGS + block, cuts) == {9, 9 + len(block)}


def test_the_first_frame_is_the_server_s_own() -> None:
    assert not ServerFrames().is_between


def test_without_a_stop_all_is_looked_at() -> None:
    frames = ServerFrames()
    assert frames.feed(SETTINGS + DATA + b"\0", stops=False) == 24
    assert not frames.is_between


def test_a_client_is_asked_to_leave_without_an_error_and_without_losing_a_stream() -> None:
    assert len(LEAVE) == 17
    assert LEAVE[3] == GOAWAY
    assert int.from_bytes(LEAVE[9:13], "big") == 2**31 - 1
    assert LEAVE[13:] == bytes(4)
