"""Several workers with the same file."""

import asyncio
import time
from pathlib import Path

import pytest

from pipeline.calls.environment import CallEnvironment
from pipeline.calls.errors import RemoteError, SessionClosed
from pipeline.calls.session import CallSession
from pipeline.errors import UsageError


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


def test_a_call_is_awaited_while_the_event_loop_goes_on(session: CallSession) -> None:
    async def both() -> tuple[int, int]:
        work = asyncio.ensure_future(session.sleeps.asynchronous(0.3))
        rounds = 0
        while not work.done():
            await asyncio.sleep(0.01)
            rounds += 1
        return await work, rounds

    result, rounds = asyncio.run(both())
    assert result == 0.3
    assert rounds > 3


def test_a_task_that_is_cancelled_cancels_the_call(session: CallSession) -> None:
    async def cancelled() -> None:
        work = asyncio.ensure_future(session.steps.asynchronous(100_000))
        await asyncio.sleep(0.3)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(cancelled())
    assert session.add(1) == 3
