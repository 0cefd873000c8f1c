"""A caller with one numpy, and a worker with another: each array comes back as it was. Run by ``test_calls``."""

import _thread
import gc
import os
import sys
import threading

import numpy as np

import pipeline

environment, file = sys.argv[1:]
ARRAYS = [
    np.arange(5),
    np.zeros((3, 0)),
    np.zeros((0,)),
    np.array(3.5),
    np.arange(12.0).reshape(3, 4).T,
    np.arange(24)[::3],
    np.arange(10).reshape(2, 5)[:, ::-1],
    np.arange(6, dtype=">i4"),
    np.array(["a", "žž"]),
    np.array([b"a", b"bcd"]),
    np.array(["2026-01-01", "NaT"], dtype="M8[ns]"),
    np.array([1, 2], dtype="m8[25us]"),
    np.array([1 + 2j]),
    np.array([True, False]),
    np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i1"), ("b", "f8")]),
    np.zeros(3, dtype=np.dtype([("a", "i1"), ("b", "f8")], align=True)),
    np.zeros(3, dtype=[("a", "f4", (2, 2)), ("b", [("c", ">u2")])]),
    np.arange(100000.0),
    np.asfortranarray(np.random.default_rng().random((300, 400))),
    np.random.default_rng().random((300, 400))[::2, ::3],
    np.arange(50000).astype("M8[s]"),
    np.zeros((2, 3, 4, 5), order="F"),
    np.float32(1.5),
    np.int64(-3),
    np.datetime64("2026-01-01"),
    np.longdouble(1) / 3,
]
REFUSED = [np.array([object()]), np.ma.array([1], mask=[1]), np.matrix([[1]])]


def check(session):
    for array in ARRAYS:
        back = session.echo(array)
        assert isinstance(back, np.ndarray) == isinstance(array, np.ndarray)
        assert (back.dtype, back.shape) == (array.dtype, array.shape), (array.dtype, back.dtype)
        # A long double has bytes that mean nothing; NaT is equal to nothing.
        assert np.array_equal(back, array) or back.tobytes() == array.tobytes()
        if isinstance(array, np.ndarray):
            assert back.flags.writeable
            assert back.flags.f_contiguous or not array.flags.f_contiguous
    for array in REFUSED:
        try:
            session.echo(array)
        except TypeError:
            continue
        raise AssertionError(f"{array!r} was sent")


def large_arrays():
    """Each is copied by several threads, where there are cores: split at its rows, or anywhere."""
    numbers = np.random.default_rng().random((3, 2_200_001))
    yield from (numbers, numbers[:1], numbers.T, numbers.reshape(2_200_001, 3), np.asfortranarray(numbers))
    cube = np.random.default_rng().integers(0, 255, (300, 301, 602), np.uint8)
    yield from (
        cube,
        cube.transpose(1, 2, 0),
        cube[::-1],
        cube[:, :, ::-1],
        np.asfortranarray(cube)[5:],
    )


def check_large_arrays(session):
    for array in large_arrays():
        back = session.echo(array)
        assert np.array_equal(back, array)
        assert (back.dtype, back.shape) == (array.dtype, array.shape)


def check_a_system_that_gives_no_threads(session):
    start = _thread.start_new_thread

    def refused(*_):
        raise RuntimeError("can't start new thread")

    _thread.start_new_thread = refused
    try:
        check_large_arrays(session)
    finally:
        _thread.start_new_thread = start


def check_an_interruption_while_an_array_is_copied(session):
    """A thread that copies goes on: it must not write into what is sent next."""
    first, second = (np.full(8_000_000, float(number)) for number in range(2))
    session.echo(first)
    copyto, main = np.copyto, threading.main_thread()
    late, beside, go, gone = (threading.Event() for _ in range(4))
    interrupted = []

    def steered(target, source):
        """The first array's second half is written when the second array is in its place."""
        is_main = threading.current_thread() is main
        if not interrupted and is_main:
            assert late.wait(20), "there are no threads to copy with"
            interrupted.append(True)
            raise KeyboardInterrupt
        if not interrupted:
            late.set()
            go.wait(20)
        elif is_main:
            beside.wait(20)
            copyto(target, source)
            go.set()
            gone.wait(20)
            return
        copyto(target, source)
        (gone if go.is_set() else beside).set()

    np.copyto = steered
    try:
        session.echo(first)
    except KeyboardInterrupt:
        assert np.array_equal(session.echo(second), second)
        assert gone.is_set()
    finally:
        np.copyto = copyto
    assert interrupted


def check_results_stay_as_they_are(session):
    array = np.arange(125_000.0)
    kept = [session.echo(array + number) for number in range(5)]
    parts = [session.echo(array + number)[10:20] for number in range(5)]
    gc.collect()
    for number in range(20):
        session.echo(array * number)
    assert all(np.array_equal(each, array + number) for number, each in enumerate(kept))
    assert all(np.array_equal(each, array[10:20] + number) for number, each in enumerate(parts))


def check_nothing_piles_up(session):
    array = np.zeros(125_000)

    def state():
        return (
            [len(os.listdir(f"/proc/{pid}/fd")) for pid in ("self", session.pid)],
            memory(session.pid),
            memory("self"),
        )

    for _ in range(200):
        session.echo(array)
    before = state()
    for _ in range(2000):
        session.echo(array)
    after = state()
    assert after[0] == before[0]
    assert all(new < old * 1.1 for new, old in zip(after[1:], before[1:], strict=True)), (before, after)


def memory(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1])


with pipeline.environment(environment).open(file) as session:
    print(np.__version__, session.numpy_version())
    check(session)
    check_large_arrays(session)
    check_a_system_that_gives_no_threads(session)
    if len(os.sched_getaffinity(0)) > 1:  # with one core, no thread copies beside this one
        check_an_interruption_while_an_array_is_copied(session)
    check_results_stay_as_they_are(session)
    check_nothing_piles_up(session)
