"""The client's side of a lease, with a server that only pretends."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.executors import Message, ProcessExit, StageReport, WorkerLimits
from pipeline.executors.channel import Channel
from pipeline.executors.worker_lease import WorkerKind, WorkerLease
from pipeline.executors.worker_run import NotBegun, WorkerRun
from tests.executors.helpers import HERE, invocation


@pytest.fixture
def reports() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    os.close(write)


@pytest.fixture
def run(reports: tuple[int, int], tmp_path: Path) -> Iterator[WorkerRun]:
    kind = WorkerKind("worker-0", HERE, {}, WorkerLimits())
    orders, other = os.pipe()
    os.close(orders)
    run = WorkerRun(invocation(tmp_path, "pass", "worker"), WorkerLease(kind, other, Channel(reports[0]), fresh=True))
    yield run
    run.close()


def test_a_descriptor_that_is_opened_while_others_are_ready_has_no_news(
    run: WorkerRun, reports: tuple[int, int]
) -> None:
    os.write(reports[1], f"\n=owner {os.getpid()}\n".encode())
    assert run.events(set(range(1000))) == []
    assert run.lease.owner == os.getpid()


def test_a_message_that_was_left_in_the_middle_does_not_hide_the_end(run: WorkerRun, reports: tuple[int, int]) -> None:
    os.write(reports[1], b'{"note": "whole"}\n{"note": "ha' + b"\n=exit 3 \n")
    assert run.events(set()) == [Message("job/test/1", StageReport(note="whole")), ProcessExit("job/test/1", 3)]
    assert run.reusable


def test_a_worker_that_leaves_takes_no_other_order(run: WorkerRun, reports: tuple[int, int]) -> None:
    os.write(reports[1], b"\n=exit 0 it has run 7 tasks\n\n=lost 0 the worker that ran it ended with exit code 0\n")
    assert run.events(set()) == [ProcessExit("job/test/1", 0)]
    assert not run.reusable


def test_a_lease_whose_worker_ended_after_its_last_task_is_dead(run: WorkerRun, reports: tuple[int, int]) -> None:
    os.write(reports[1], b"\n=exit 0 \n")
    run.events(set())
    assert not run.lease.is_dead
    os.write(reports[1], b"\n=lost -9 the worker that ran it was killed by SIGKILL\n")
    assert run.lease.is_dead


def test_a_worker_that_ends_before_it_answers_has_not_begun(run: WorkerRun, reports: tuple[int, int]) -> None:
    run.lease.channel.at_end = True
    with pytest.raises(NotBegun):
        run.events(set())
