"""What the heads of messages say of where they end."""

import pytest

from pipeline.services.front.bodies import ChunkedBody, EndlessBody, LengthBody
from pipeline.services.front.heads import RequestHead, ResponseHead, may_be_request, request_head, response_head


def request(text: str) -> RequestHead:
    head = request_head(text.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    assert head is not None
    return head


def response(text: str) -> ResponseHead:
    head = response_head(text.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    assert head is not None
    return head


GET = request("GET / HTTP/1.1")


@pytest.mark.parametrize(
    ("text", "is_last"),
    [
        ("GET / HTTP/1.1", False),
        ("GET / HTTP/1.1\nConnection: Close", True),
        ("GET / HTTP/1.1\nConnection: x, close", True),
        ("GET / HTTP/1.0", True),
        ("GET / HTTP/1.0\nConnection: keep-alive", False),
    ],
)
def test_a_connection_lives_as_long_as_both_want(text: str, is_last: bool) -> None:
    assert request(text).is_last == is_last


def test_a_request_without_length_has_no_body() -> None:
    assert isinstance(GET.body(), LengthBody)
    assert GET.body().is_whole


def test_a_body_in_chunks_wins_over_a_length() -> None:
    assert isinstance(request("POST / HTTP/1.1\nContent-Length: 5\nTransfer-Encoding: chunked").body(), ChunkedBody)


@pytest.mark.parametrize("lengths", ["five", "-5", "5\nContent-Length: 6", "+5"])
def test_a_length_that_is_none_is_refused(lengths: str) -> None:
    with pytest.raises(ValueError, match="length"):
        request(f"POST / HTTP/1.1\nContent-Length: {lengths}").body()


def test_an_answer_without_length_ends_with_its_connection() -> None:
    assert isinstance(response("HTTP/1.1 200 OK").body(GET), EndlessBody)


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_never_have_a_body(status: int) -> None:
    assert response(f"HTTP/1.1 {status} X\nContent-Length: 5").body(GET).is_whole


def test_the_answer_to_head_has_no_body_whatever_it_says() -> None:
    assert response("HTTP/1.1 200 OK\nContent-Length: 5").body(request("HEAD / HTTP/1.1")).is_whole


def test_an_interim_answer_is_followed_by_another() -> None:
    assert response("HTTP/1.1 100 Continue").is_interim
    assert not response("HTTP/1.1 101 Switching Protocols").is_interim


def test_both_ways_to_another_protocol_are_known() -> None:
    assert response("HTTP/1.1 101 Switching Protocols").changes_protocol(GET)
    assert response("HTTP/1.1 200 OK").changes_protocol(request("CONNECT host:1 HTTP/1.1"))
    assert not response("HTTP/1.1 200 OK").changes_protocol(GET)


@pytest.mark.parametrize(
    "data", [b"PRI * HTTP/2.0\r\n\r\nSM", b"\x16\x03\x01\x02", b"SSH-2.0-x\r\n", b"get / HTTP/1.1\r\n", b"*1\r\n$4\r\n"]
)
def test_what_is_another_protocol_is_passed_on_as_it_is(data: bytes) -> None:
    assert not may_be_request(data)


@pytest.mark.parametrize("data", [b"G", b"POST", b"POST /v1", b"GET / HTTP/1.1\r\nHost"])
def test_the_beginning_of_a_request_is_waited_for(data: bytes) -> None:
    assert may_be_request(data)
