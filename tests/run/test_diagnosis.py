"""What is looked into beside the loop: in order, handed back to the loop, and ended with it."""

import os
import threading
from collections.abc import Callable, Iterator

import pytest

from pipeline import process
from pipeline.run.diagnosis import Looks
from tests.test_process import eventually


@pytest.fixture
def woken() -> threading.Semaphore:
    return threading.Semaphore(0)


@pytest.fixture
def looks(woken: threading.Semaphore) -> Iterator[Looks]:
    made = Looks(woken.release)
    yield made
    made.close()


def test_looks_are_taken_in_order_and_end_in_the_loop_s_thread(looks: Looks, woken: threading.Semaphore) -> None:
    heard: list[tuple[str, int]] = []

    def hear(word: str) -> None:
        heard.append((word, threading.get_ident()))

    def look(post: Callable[[Callable[[], None]], None], word: str) -> Callable[[], None]:
        post(lambda: hear(f"looking at {word}"))
        return lambda: hear(word)

    for word in ("one", "two"):
        looks.start(lambda post, word=word: look(post, word))  # type: ignore[misc]
    for _ in range(4):
        assert woken.acquire(timeout=30)
    looks.handle()
    here = threading.get_ident()
    assert heard == [("looking at one", here), ("one", here), ("looking at two", here), ("two", here)]


def test_what_a_look_raises_is_raised_in_the_loop(looks: Looks, woken: threading.Semaphore) -> None:
    def look(_: object) -> Callable[[], None]:
        raise ValueError("odd")

    looks.start(look)
    assert woken.acquire(timeout=30)
    with pytest.raises(ValueError, match="odd"):
        looks.handle()


def test_the_end_of_a_run_ends_what_a_look_has_started(
    looks: Looks, woken: threading.Semaphore, spawning: None, waited: None
) -> None:
    codes: list[int] = []

    def look(_: object) -> Callable[[], None]:
        codes.append(process.run(["sleep", "600"], dict(os.environ), 600).returncode)
        return lambda: None

    looks.start(look)
    eventually(lambda: bool(process._AWAITED))
    looks.close()
    eventually(lambda: codes == [-9])
    assert not woken.acquire(blocking=False)
