"""Calls that an event loop waits for."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from pipeline.calls.environment import CallEnvironment
from pipeline.calls.errors import RemoteError, SessionClosed
from pipeline.calls.session import CallSession


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


def test_a_task_that_waits_for_its_turn_is_cancelled_without_the_call_before_it(session: CallSession) -> None:
    async def cancelled() -> int:
        work = asyncio.ensure_future(session.sleeps.asynchronous(0.6))
        await asyncio.sleep(0.2)
        waiting = asyncio.ensure_future(session.tick.asynchronous())
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return int(await work * 10)

    before = session.tick()
    assert asyncio.run(cancelled()) == 6
    assert session.tick() == before + 1


def test_a_task_that_waits_for_another_thread_s_call_is_cancelled_without_it(session: CallSession) -> None:
    results: list[float] = []
    thread = threading.Thread(target=lambda: results.append(session.sleeps(1.0)))

    async def cancelled() -> None:
        waiting = asyncio.ensure_future(session.tick.asynchronous())
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    before = session.tick()
    thread.start()
    time.sleep(0.2)
    asyncio.run(cancelled())
    thread.join()
    assert results == [1.0]
    assert session.tick() == before + 1


def test_a_session_is_opened_and_closed_by_an_event_loop(alpha: CallEnvironment, called: Path) -> None:
    async def opened() -> CallSession:
        async with alpha.open(called) as session:
            assert await session.add.asynchronous(1) == 3
        return session

    session = asyncio.run(opened())
    with pytest.raises(SessionClosed):
        session.call("add", 1)


def test_opening_is_cancelled_before_the_file_is_loaded(alpha: CallEnvironment, tmp_path: Path) -> None:
    file = tmp_path / "slow.py"
    file.write_text("import time\ntime.sleep(60)\n")

    async def cancelled() -> None:
        async with asyncio.timeout(1.0), alpha.open(file):
            pass

    before = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(cancelled())
    assert time.monotonic() - before < 30


def test_a_group_gives_results_in_order_to_an_event_loop(alpha: CallEnvironment, called: Path) -> None:
    async def mapped() -> None:
        async with alpha.open_group(called, workers=2) as group:
            assert [each async for each in group.map_asynchronous("add", range(5), range(5))] == [0, 2, 4, 6, 8]
            with pytest.raises(RemoteError):
                _ = [each async for each in group.map_asynchronous("steps", [-1, "no number", 10_000])]
            work = asyncio.ensure_future(group.steps.asynchronous(100_000))
            await asyncio.sleep(0.3)
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            assert await group.add.asynchronous(1) == 3

    asyncio.run(mapped())
