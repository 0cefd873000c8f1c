"""What arrives is what was sent: there and back through a worker of another environment."""

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.calls.environment import CallEnvironment
from pipeline.calls.errors import RemoteError
from pipeline.calls.session import CallSession
from pipeline.sdk.callpacking import Unsendable


@dataclass
class Point:
    x: float
    labels: list[str] = field(default_factory=list)


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -1,
        2**53,
        2**53 + 1,
        -(2**200),
        10**5000,
        0.1,
        -0.0,
        1e308,
        5e-324,
        math.inf,
        -math.inf,
        1 + 2j,
        "",
        "žluťoučký 🐎 \x00 \ud800",
        b"",
        bytes(range(256)),
        b"x" * 1_000_000,
        [],
        {},
        (),
        [1, [2, (3, {4})]],
        {"a": {"b": [1.5, None]}},
        {"$": "array"},
        {1: "a", None: "b", (1, 2): "c", "x": "d"},
        frozenset({1, 2}),
        Path("/some/where"),
        nested(150),
        list(range(50_000)),
    ],
    ids=lambda value: repr(value)[:30] if not isinstance(value, int) or value < 2**60 else "large",
)
def test_it_comes_back_as_it_was(session: CallSession, value: Any) -> None:
    back = session.echo(value)
    assert type(back) is type(value)
    assert back == value
    assert repr(back)[:1000] == repr(value)[:1000] if not isinstance(value, int) else True


def test_nan_comes_back(session: CallSession) -> None:
    assert math.isnan(session.echo(math.nan))


def test_what_can_t_be_sent_is_refused_with_its_place_and_what_to_send(session: CallSession) -> None:
    for value, place, advice in (
        ([1, {"a": object()}], "[0][1]['a']", "JSON"),
        ({"d": date(2026, 1, 1)}, "[0]['d']", "isoformat"),
        (OrderedDict(), "[0]", "dict(...)"),
        (nested(300), "", "nested"),
    ):
        with pytest.raises(Unsendable) as caught:
            session.echo(value)
        assert place in str(caught.value)
        assert advice in str(caught.value)
    assert session.echo(1) == 1


def test_a_value_that_holds_itself_is_refused(session: CallSession) -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(Unsendable):
        session.echo(value)


def test_a_result_that_can_t_be_sent_is_told_with_its_place(session: CallSession) -> None:
    with pytest.raises(RemoteError) as caught:
        session.unsendable()
    assert caught.value.is_a("TypeError")
    assert "what unsendable() returns['a'][0]" in caught.value.remote_message


def test_a_dataclass_arrives_as_the_class_that_the_annotation_names(alpha: CallEnvironment, called: Path) -> None:
    with alpha.open(called) as session:
        back = session.moved(Point(1.0, ["a"]))
        assert (back.x, back.labels) == (2.0, ["a", "moved"])
        assert repr(back) == "Point(x=2.0, labels=['a', 'moved'])"
    with alpha.open(called, classes=(Point,)) as session:
        assert session.moved(Point(1.0), by=2.0) == Point(3.0, ["moved"])
