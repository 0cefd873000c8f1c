"""What is checked beside the loop: in order, handed back to the loop, and ended with it."""

import os
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from pipeline import process
from pipeline.run.background_thread import BackgroundThread
from tests.test_process import eventually


@pytest.fixture
def woken() -> threading.Semaphore:
    return threading.Semaphore(0)


@pytest.fixture
def beside(woken: threading.Semaphore) -> Iterator[BackgroundThread]:
    made = BackgroundThread(woken.release)
    yield made
    made.close()


def test_checks_are_made_in_order_and_end_in_the_loop_s_thread(
    beside: BackgroundThread, woken: threading.Semaphore
) -> None:
    heard: list[tuple[str, int]] = []

    def hear(word: str) -> None:
        heard.append((word, threading.get_ident()))

    def check(word: str, post: Callable[[Callable[[], None]], None]) -> Callable[[], None]:
        post(lambda: hear(f"checking {word}"))
        return lambda: hear(word)

    for word in ("one", "two"):
        beside.start(partial(check, word))
    for _ in range(4):
        assert woken.acquire(timeout=30)
    beside.handle()
    here = threading.get_ident()
    assert heard == [("checking one", here), ("one", here), ("checking two", here), ("two", here)]


def test_what_a_check_raises_is_raised_in_the_loop(beside: BackgroundThread, woken: threading.Semaphore) -> None:
    def check(_: object) -> Callable[[], None]:
        raise ValueError("odd")

    beside.start(check)
    assert woken.acquire(timeout=30)
    with pytest.raises(ValueError, match="odd"):
        beside.handle()


def test_the_end_of_a_run_ends_what_a_check_has_started(
    beside: BackgroundThread, woken: threading.Semaphore, spawning: None, waited: None
) -> None:
    codes: list[int] = []

    def check(_: object) -> Callable[[], None]:
        codes.append(process.run(["sleep", "600"], dict(os.environ), 600).returncode)
        return lambda: None

    beside.start(check)
    eventually(lambda: bool(process._AWAITED))
    beside.close()
    eventually(lambda: codes == [-9])
    assert not woken.acquire(blocking=False)
