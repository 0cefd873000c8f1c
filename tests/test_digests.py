"""Identities: equal values have equal digests, different ones don't."""

import hashlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from pipeline.digests import SMALL, canonical_json, content_digest, sha256_of_bytes, sha256_of_file, tagged_digest

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def test_the_order_of_keys_makes_no_difference() -> None:
    assert canonical_json({"b": 1, "a": [2, 3]}) == canonical_json({"a": [2, 3], "b": 1}) == b'{"a":[2,3],"b":1}'


def test_the_order_of_a_list_does() -> None:
    assert canonical_json(["a", "b"]) != canonical_json(["b", "a"])


@given(values)
def test_a_canonical_value_is_ascii_and_reads_back(value: Any) -> None:
    assert json.loads(canonical_json(value).decode("ascii")) == value


@given(values | st.floats(allow_nan=False, allow_infinity=False) | st.text('\x7f\ud800é\u2028"\\'))
def test_a_canonical_value_is_what_the_standard_library_writes(value: Any) -> None:
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    assert canonical_json(value) == expected.encode("ascii")


def test_what_is_no_json_has_no_canonical_form() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="Circular"):
        canonical_json(endless)
    with pytest.raises(TypeError, match="is not JSON serializable"):
        canonical_json([Path()])


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_has_no_canonical_form(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json(number)


def test_the_tag_keeps_equal_values_of_different_kinds_apart() -> None:
    assert tagged_digest("stage", {}) != tagged_digest("environment", {})


def test_a_tag_and_a_value_cannot_be_shifted_into_each_other() -> None:
    assert tagged_digest("a", 11) != tagged_digest("a1", 1)


def test_a_digest_names_its_algorithm_and_is_the_one_that_other_tools_compute(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"content")
    expected = "sha256:" + hashlib.sha256(b"content").hexdigest()
    assert sha256_of_file(file) == sha256_of_bytes(b"content") == expected
    assert content_digest(file) == "blake3:" + blake3(b"content").hexdigest()


@pytest.mark.parametrize("name", [b"empty", b"with space", b"line\nbreak", b"-dash", b"no utf8 \xff"])
def test_any_file_name_and_an_empty_file_have_a_digest(tmp_path: Path, name: bytes) -> None:
    file = tmp_path / os.fsdecode(name)
    file.write_bytes(b"")
    assert content_digest(file) == "blake3:" + blake3(b"").hexdigest()


def test_a_file_larger_than_a_read_buffer_has_the_digest_of_its_content(tmp_path: Path) -> None:
    data = bytes(range(256)) * 4096  # 1 MiB: large enough to be mapped
    (tmp_path / "large").write_bytes(data)
    assert content_digest(tmp_path / "large") == "blake3:" + blake3(data).hexdigest()


@pytest.mark.parametrize("size", [0, SMALL - 1, SMALL, SMALL + 1])
def test_a_file_has_the_digest_of_its_bytes_whatever_its_size(tmp_path: Path, size: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(size))
    assert sha256_of_file(file) == f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"


def test_a_process_that_was_forked_reads_large_files_too(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(bytes(4 << 20))
    known = content_digest(file)
    if (child := os.fork()) == 0:
        signal.alarm(20)
        os._exit(content_digest(file) != known)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
