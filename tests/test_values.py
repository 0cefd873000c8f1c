"""Typed values and their JSON: what is written is read again, and what doesn't fit is refused with its place."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import values
from pipeline.values import (
    Struct,
    ValidationError,
    ascii_json,
    decode,
    encode,
    field,
    from_plain,
    indented_json,
    plain,
)
from tests.conftest import examples


class Thing(Struct, frozen=True, forbid_unknown_fields=True):
    """A value of each kind that documents have."""

    name: str
    count: int = 0
    seconds: float | None = None
    names: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


few = settings(max_examples=examples(50), deadline=None, derandomize=True, database=None)
ANY_TEXT = st.text(st.characters(codec=None))  # with lone surrogates, as file names that aren't UTF-8 have
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=8,
)
THINGS = st.builds(
    Thing, name=ANY_TEXT, count=st.integers(), names=st.lists(ANY_TEXT).map(tuple), more=st.dictionaries(ANY_TEXT, JSON)
)


@given(thing=THINGS)
@few
def test_what_is_written_is_read_again(thing: Thing) -> None:
    assert decode(encode(thing), Thing) == thing
    assert from_plain(plain(thing), Thing) == thing


@given(thing=THINGS)
@few
def test_python_s_own_reader_reads_the_same(thing: Thing) -> None:
    assert json.loads(encode(thing)) == plain(thing)
    assert decode(json.dumps(plain(thing)).encode("ascii"), Thing) == thing


NUMBERS = [2**63, 2**64 + 1, 10**300, -(10**30), 1e22, 1e-7, 1 / 3, -0.0, 5e-324, 1.7976931348623157e308]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("beside", ["é", "\udce9"], ids=["text", "no text"])  # which takes another reader and writer
def test_a_number_stays_what_it_is(number: float, beside: str) -> None:
    read = decode(encode({"number": number, "beside": beside}), dict[str, Any])
    assert (type(read["number"]), repr(read["number"])) == (type(number), repr(number))


WRONG = {
    "an unknown field": ('{"name": "x", "colour": 1}', "Object contains unknown field `colour`"),
    "a missing field": ("{}", "Object missing required field `name`"),
    "another type": ('{"name": 3}', "Expected `str`, got `int` - at `$.name`"),
    "a type in a list": ('{"name": "x", "names": ["a", null]}', "Expected `str`, got `null` - at `$.names[1]`"),
    "no whole number": ('{"name": "x", "count": 1.5}', "Expected `int`, got `float` - at `$.count`"),
    "a number that is text": ('{"name": "x", "count": "1"}', "Expected `int`, got `str` - at `$.count`"),
    "a truth for a number": ('{"name": "x", "count": true}', "Expected `int`, got `bool` - at `$.count`"),
    "a number without bounds": ('{"name": "x", "seconds": 1e999}', "Number out of range - at `$.seconds`"),
    "another document": ("[]", "Expected `object`, got `array`"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_refused_with_its_place(name: str) -> None:
    text, complaint = WRONG[name]
    with pytest.raises(ValidationError) as refused:
        decode(text.encode(), Thing)
    assert str(refused.value) == complaint


@pytest.mark.parametrize(
    "name", [name for name in WRONG if WRONG[name][0].startswith("{") and "1e999" not in WRONG[name][0]]
)
def test_it_is_refused_alike_beside_text_that_is_not_utf_8(name: str) -> None:
    text, complaint = WRONG[name]
    odd = r'{"more": {"a": "\udce9"}' + (", " if len(text) > 2 else "") + text[1:]
    with pytest.raises(ValidationError) as refused:
        decode(odd.encode(), Thing)
    assert str(refused.value) == complaint


NO_JSON = {
    "nothing": (b"", "Expecting value"),
    "a torn document": (b'{"name": "x"', "Expecting ',' delimiter"),
    "NaN": (b'{"name": "x", "seconds": NaN}', "NaN isn't a value that JSON has"),
    "NaN deep inside": (b'{"name": "x", "more": {"a": [NaN]}}', "NaN isn't a value"),
    "an infinity": (b'{"name": "x", "more": {"a": -Infinity}}', "-Infinity isn't a value"),
    "an infinity beside odd text": (rb'{"name": "\udce9", "seconds": Infinity}', "Infinity isn't a value"),
    "a number without bounds": (rb'{"name": "\udce9", "more": {"a": 1e999}}', "1e999 isn't a value"),
    "bytes that are no text": (b'{"name": "\xff"}', "'utf-8' codec can't decode"),
    "another encoding": ('{"name": "x"}'.encode("utf-16"), "'utf-8' codec can't decode"),
    "a hundred thousand lists": (b'{"name": "x", "more": {"a": ' + b"[" * 100_000, "it is nested too deeply"),
}


@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_json_is_refused(name: str) -> None:
    data, complaint = NO_JSON[name]
    with pytest.raises(ValueError, match=complaint) as refused:
        decode(data, Thing)
    assert not isinstance(refused.value, ValidationError)


def test_plain_values_have_lists_where_json_has_them() -> None:
    thing = Thing("x", names=("a",), more={"b": ({"c": ("d",)},)})
    assert plain(thing)["names"] == ["a"]
    assert plain(thing)["more"] == {"b": [{"c": ["d"]}]}


@given(value=JSON, sort_keys=st.booleans())
@few
def test_json_in_ascii_is_what_the_standard_library_writes(value: Any, sort_keys: bool) -> None:
    expected = json.dumps(value, sort_keys=sort_keys, separators=(",", ":"))
    assert ascii_json(value, sort_keys) == expected
    assert indented_json(value) == json.dumps(value, indent=2)


def test_so_it_is_without_the_part_that_is_written_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "make_encoder", None)
    assert ascii_json({"b": 1.5, "a": "é"}, sort_keys=True) == '{"a":"\\u00e9","b":1.5}'
    assert indented_json({"b": []}) == '{\n  "b": []\n}'


@pytest.mark.parametrize("write", [ascii_json, indented_json])
def test_what_is_no_json_is_not_written(write: Callable[[Any], str]) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write([float("nan")])
    with pytest.raises(TypeError, match="not JSON serializable"):
        write([Path()])


FIRST_READING = """
import sys, threading
from pipeline.values import Struct, decode

sys.setswitchinterval(1e-6)
for turn in range(100):
    parts = "".join(f"class Part{n}(Struct):\\n own: 'Inner'\\n" for n in range(5))
    fields = "".join(f" part{n}: 'Part{n}'\\n" for n in range(5))
    exec(f"class Inner(Struct):\\n number: int\\n{parts}class Whole(Struct):\\n{fields}", globals())
    data = b"{" + b",".join(b'"part%d":{"own":{"number":1}}' % n for n in range(5)) + b"}"
    together = threading.Barrier(4)

    def read():
        together.wait()
        decode(data, Whole)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
"""


def test_threads_may_read_the_first_value_of_a_kind_at_the_same_time(spawning: None) -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_READING], capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
