"""Secrets are replaced in whatever form they are written."""

import base64
import html
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from pipeline.sdk import masking

SECRET = 'pass "word"/ü'


@pytest.mark.parametrize(
    "written",
    [SECRET, json.dumps(SECRET)[1:-1], quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()],
)
def test_each_form_is_masked(written: str) -> None:
    assert masking.masked(f"<{written}>".encode(), masking.forms([SECRET])).rstrip(b"=>") == b"<***"


def test_a_line_of_a_key_is_masked_by_itself() -> None:
    forms = masking.forms(["-----BEGIN-----\nabcdefgh\n-----END-----"])
    assert masking.masked(b"x abcdefgh y", forms) == b"x *** y"


def test_the_longer_secret_goes_first() -> None:
    assert masking.masked(b"secret-long", masking.forms(["secret", "secret-long"])) == b"***"


def test_what_stands_in_every_word_is_left() -> None:
    assert masking.masked(b"a cat", masking.forms(["a"])) == b"a cat"


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_a_secret_that_is_cut_into_pieces_is_masked(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data, read = b"before s3cret-one after s3cret-", list[bytes]()
    pieces = iter([*(data[at : at + size] for at in range(0, len(data), size)), b""])
    monkeypatch.setattr(os, "read", lambda _descriptor, _count: next(pieces))
    monkeypatch.setattr(masking, "_write", read.append)
    masking._copy(masking.forms(["s3cret-one"]))
    assert b"".join(read) == b"before *** after s3cret-"


@pytest.mark.parametrize(
    ("first", "rest"), [(b"begin abcd", b"efgh end"), (b"begin abcdef", b"gh end"), (b"abcdabcd", b"efgh end")]
)
def test_a_secret_that_begins_another_one_does_not_let_its_tail_through(
    first: bytes, rest: bytes, tmp_path: Path, spawning: None
) -> None:
    reading, writing = os.pipe()
    log = tmp_path / "log"
    pid = os.fork()
    if pid == 0:  # what is copied goes from descriptor 0 to descriptor 1
        os.dup2(reading, 0)
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT), 1)
        os.close(writing)
        try:
            masking._copy(masking.forms(["abcd", "abcdefgh"]))
        finally:
            os._exit(0)
    os.write(writing, first)
    time.sleep(0.05)  # so that it is read by itself
    os.write(writing, rest)
    os.close(writing)
    os.waitpid(pid, 0)
    os.close(reading)
    assert b"gh" not in log.read_bytes()
    assert b"***" in log.read_bytes()


@pytest.mark.parametrize("write", [repr, ascii, html.escape, quote, quote_plus, lambda text: repr(text.encode())])
def test_a_secret_is_found_however_it_is_quoted(write: Callable[[str], str]) -> None:
    secret = "p/q'ä\"&x y"
    assert masking.masked(write(secret).encode(), masking.forms([secret])).strip(b"b'\"") == b"***"


@pytest.mark.parametrize("user", ["", "u", "us", "use"])
def test_a_secret_in_base64_is_found_behind_other_bytes(user: str) -> None:
    encoded = base64.b64encode(f"{user}:hunter2-secret".encode())
    assert b"***" in masking.masked(encoded, masking.forms(["hunter2-secret"]))
