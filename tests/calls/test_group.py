"""Several workers with the same file."""

import contextlib
import gc
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import pytest

from pipeline.calls.environment import CallEnvironment
from pipeline.calls.errors import RemoteError, SessionClosed
from pipeline.errors import InputError, UsageError


def test_map_gives_results_in_order_from_several_workers(alpha: CallEnvironment, called: Path) -> None:
    with alpha.open_group(called, workers=2) as group:
        assert len({session.pid for session in group.sessions}) == 2
        assert list(group.map("add", range(10), range(10))) == [2 * number for number in range(10)]
        assert list(group.add.map([1, 2])) == [3, 4]
        assert group.add(1, b=1) == 2
        before = time.monotonic()
        assert list(group.map("sleeps", [0.5, 0.5])) == [0.5, 0.5]
        assert time.monotonic() - before < 0.95
    with pytest.raises(SessionClosed):
        group.add(1)


def test_the_first_error_of_map_is_raised_and_the_rest_given_up(alpha: CallEnvironment, called: Path) -> None:
    with alpha.open_group(called, workers=2) as group:
        before = time.monotonic()
        with pytest.raises(RemoteError):
            list(group.map("steps", [-1, "no number", 10_000]))
        assert time.monotonic() - before < 30
        assert group.add(1) == 3


def test_a_group_needs_a_worker_and_a_file_that_loads(alpha: CallEnvironment, called: Path) -> None:
    with pytest.raises(UsageError):
        alpha.open_group(called, workers=0)
    called.write_text("import nowhere_at_all\n")
    with pytest.raises(RemoteError), alpha.open_group(called, workers=2):
        pass


def test_map_gives_up_only_its_own_calls(alpha: CallEnvironment, called: Path) -> None:
    results: list[float] = []
    with alpha.open_group(called, workers=2) as group:
        thread = threading.Thread(target=lambda: results.append(group.sleeps(1.5)))
        thread.start()
        time.sleep(0.2)
        with pytest.raises(RemoteError):
            list(group.map("steps", ["no number", 10_000]))
        thread.join()
    assert results == [1.5]


@pytest.mark.parametrize("file", ["called.py", "nowhere.py"])
def test_a_group_that_nobody_has_is_gone_at_once_after_an_error_too(
    alpha: CallEnvironment, called: Path, file: str
) -> None:
    group = alpha.open_group(called.with_name(file), workers=2)
    references: list[weakref.ref[Any]] = [weakref.ref(group), *map(weakref.ref, group.sessions)]
    gc.disable()
    try:
        with contextlib.suppress(InputError), group, contextlib.suppress(RemoteError):
            group.call("fails", "x")
        del group
        assert [each for each in references if each() is not None] == []
    finally:
        gc.enable()
