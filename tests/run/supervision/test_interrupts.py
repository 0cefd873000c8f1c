import os
import select
import signal
import threading

import pytest

from pipeline.run.supervision import interrupts


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_is_noted_and_wakes_a_wait(name: str) -> None:
    with interrupts.watched() as asked:
        os.kill(os.getpid(), getattr(signal, name))
        assert asked.received == name
        assert select.select([asked.fileno()], [], [], 0)[0] == [asked.fileno()]


def test_nothing_is_readable_before_a_signal() -> None:
    with interrupts.watched() as asked:
        assert select.select([asked.fileno()], [], [], 0)[0] == []


def test_a_wait_ends_when_an_end_is_asked_for_and_else_when_its_time_is_over() -> None:
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    assert interrupts.asked_within(60)
    timer.join()
    assert not interrupts.asked_within(0.05)


def test_asking_twice_is_not_polite_any_more() -> None:
    with interrupts.watched() as asked:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert asked.received == "SIGTERM"


def test_afterwards_signals_mean_what_they_meant_before() -> None:
    before = [signal.getsignal(number) for number in interrupts.ASKING]
    with interrupts.watched():
        pass
    assert [signal.getsignal(number) for number in interrupts.ASKING] == before


def test_a_signal_that_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts.watched() as asked:
            os.kill(os.getpid(), signal.SIGHUP)
            assert asked.received is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_no_descriptor_is_left_open() -> None:
    before = os.listdir("/proc/self/fd")
    with interrupts.watched():
        pass
    assert os.listdir("/proc/self/fd") == before
