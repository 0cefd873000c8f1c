"""What one end writes, the other reads."""

import os
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sdk.protocol import Order

# As a path may be: anything but NUL, with bytes that aren't UTF-8.
TEXT = st.binary(min_size=1, max_size=20).map(lambda data: os.fsdecode(data.replace(b"\0", b"")))
ORDER = Order("job/stage/1", "t0", "/env", "/a\nb.py", "digest", "/i.json", "/log", "/here", ["/modules/m.py"])


SECRETS = st.lists(st.tuples(st.from_regex("[a-z]+", fullmatch=True), TEXT), max_size=2)
PLACE = st.none() | TEXT.filter(bool)


@given(st.builds(Order, *[TEXT] * 8, st.lists(TEXT, max_size=3), SECRETS, st.booleans(), PLACE, PLACE))
def test_an_order_is_read_as_it_was_written(order: Order) -> None:
    assert vars(Order.decode(order.encode())) == vars(order)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    os.close(read)


def test_an_order_may_arrive_in_parts(pipe: tuple[int, int]) -> None:
    data = ORDER.encode()
    half = data.index(b"\n") + 1  # of a path
    threading.Timer(0.05, lambda: os.write(pipe[1], data[half:])).start()
    os.write(pipe[1], data[:half])
    order = Order.read(pipe[0])
    os.close(pipe[1])
    assert order is not None
    assert vars(order) == vars(ORDER)


def test_half_an_order_is_none(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], ORDER.encode()[:-1])
    os.close(pipe[1])
    assert Order.read(pipe[0]) is None
