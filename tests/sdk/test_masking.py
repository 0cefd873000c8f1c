"""Secrets are replaced in whatever form they are written."""

import base64
import json
import os
from urllib.parse import quote

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
