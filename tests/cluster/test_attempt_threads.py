"""Threads that are used again."""

import threading

from pipeline.cluster.node.attempt_threads import IDLE, AttemptThreads


def test_work_after_work_has_one_thread() -> None:
    threads, seen = AttemptThreads(), set()
    for _ in range(20):
        threads.run(lambda: seen.add(threading.get_ident()))
        assert threads.join(20)
    assert len(seen) == 1


def test_all_that_is_to_run_at_once_does_and_few_threads_stay() -> None:
    threads, together = AttemptThreads(), threading.Barrier(2 * IDLE, timeout=20)

    def meet() -> None:
        together.wait()

    before = threading.active_count()
    for _ in range(2 * IDLE):
        threads.run(meet)
    assert threads.join(20)
    for thread in threading.enumerate():
        if thread.name == "attempts" and threading.active_count() > before + IDLE:
            thread.join(0.2)
    assert threading.active_count() <= before + IDLE


def test_to_wait_has_a_bound() -> None:
    threads, end = AttemptThreads(), threading.Event()

    def wait() -> None:
        end.wait(20)

    threads.run(wait)
    assert not threads.join(0.01)
    end.set()
    assert threads.join(20)
