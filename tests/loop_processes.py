"""For the short loop: tests are collected once, and forked processes share them, file by file.

With pytest-xdist each process collects all tests for itself, and a test costs several messages with its marks and names
in them. Here it costs one, which is short if the test passed. What isn't for more processes than one is left to
pytest's own loop: a debugger, a single file, a collection with errors.
"""

import multiprocessing
import os
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, groupby, pairwise
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import pytest
from _pytest.reports import TestReport
from _pytest.runner import runtestprotocol

from pipeline.host import machine

FORK = multiprocessing.get_context("fork")
MOST_PROCESSES = 8  # each makes its own fixtures of a session
ERROR = -1  # in place of a test's number: what ended a process, beside its tests

Message = tuple[int, Any]  # a test's number and its reports as data, none if it passed; or an error's text


class FileQueue:
    """Which of these tests are run next, for all processes that are forked afterwards."""

    def __init__(self, items: Sequence[pytest.Item], numbers: Sequence[int]) -> None:
        self._files = [[*tests] for _, tests in groupby(numbers, lambda number: items[number].path)]
        self._taken = FORK.Value("i", 0)
        self._is_closed = FORK.RawValue("b", 0)

    def __len__(self) -> int:
        return len(self._files)

    def tests(self) -> Iterator[int]:
        """The numbers of those that fall to this process."""
        while (file := self._take()) < len(self):
            for number in self._files[file]:
                if self._is_closed.value:
                    return
                yield number

    def _take(self) -> int:
        with self._taken.get_lock():
            self._taken.value += 1
            return int(self._taken.value) - 1

    def close(self) -> None:
        """No process begins another test."""
        self._is_closed.value = 1


class TestProcess:
    """One of the processes, and in it a plugin of pytest's."""

    __test__ = False  # its name is no sign that pytest should collect it

    def __init__(self, session: pytest.Session, queue: FileQueue) -> None:
        self._session, self._queue = session, queue
        option = session.config.option
        self._is_brief = option.verbose <= 0 and option.durations is None
        self._current = FORK.RawValue("i", 0)
        self.messages, sender = FORK.Pipe(duplex=False)
        self._process = FORK.Process(target=self._run, args=(sender,), daemon=True)
        self._process.start()
        sender.close()

    def _run(self, sender: "Connection[Message, Any]") -> None:
        self._sender = sender
        try:
            self._settle()
            for number, following in pairwise(chain(self._queue.tests(), [None])):
                assert number is not None
                self._run_test(number, following)
            self._session._setupstate.teardown_exact(None)
        except BaseException:  # the process that prints raises it
            sender.send((ERROR, traceback.format_exc()))

    def _settle(self) -> None:
        """Nothing is printed here. What tests print, and their folders, are this process's own."""
        plugins = self._session.config.pluginmanager
        plugins.unregister(name="terminalreporter")
        plugins.register(self)
        capture = plugins.getplugin("capturemanager")  # its files are of all processes until now
        capture.stop_global_capturing()
        capture.start_global_capturing()
        folders = self._session.config._tmp_path_factory  # type: ignore[attr-defined]  # as pytest-xdist does
        folders._basetemp = Path(tempfile.mkdtemp(prefix="process-", dir=folders.getbasetemp()))

    def _run_test(self, number: int, following: int | None) -> None:
        self._current.value = number
        item, *after = (self._session.items[n] for n in (number, following) if n is not None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after[0] if after else None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        if self._is_brief and all(report.passed for report in reports):
            reports = []
        self._sender.send((self._current.value, [_data_of(report, item) for report in reports]))
        return True

    def last_message(self) -> Message | None:
        """What there is to say of the test that the process didn't survive, if there is one."""
        self._process.join()
        if self._process.exitcode == 0:
            return None
        item = self._session.items[self._current.value]
        words = f"its process ended here, with {self._process.exitcode}"
        return self._current.value, [
            _data_of(TestReport(item.nodeid, item.location, {}, "failed", words, "call"), item)
        ]

    def end(self) -> None:
        self._process.terminate()
        self._process.join()


def _data_of(report: TestReport, item: pytest.Item) -> Any:
    return item.config.hook.pytest_report_to_serializable(config=item.config, report=report)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if not _can_be_shared(session):
        return None
    session.config.pluginmanager.getplugin("terminalreporter").showfspath = False  # files take turns
    session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # theirs are inside, and go with it
    left: Sequence[int] = range(len(session.items))
    while left:
        told = _run(session, left)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        left = [number for number in left if number not in told]  # by a process that died
    return True


def _can_be_shared(session: pytest.Session) -> bool:
    option = session.config.option
    is_watched = option.usepdb or option.trace
    is_part = hasattr(session.config, "workerinput")  # of pytest-xdist's processes
    is_large = _cpus() > 1 and len({item.path for item in session.items}) > 1
    return is_large and not (session.testsfailed or option.collectonly or is_watched or is_part)


def _cpus() -> int:
    return machine.detect(os.environ).cpus


def _processes() -> int:
    return min(_cpus() + 1, MOST_PROCESSES)  # one more, since some tests wait


def _run(session: pytest.Session, numbers: Sequence[int]) -> set[int]:
    """Run these tests, report each of them when it has ended, and return which have."""
    queue = FileQueue(session.items, numbers)
    told = set()
    with ExitStack() as ends:
        processes = [TestProcess(session, queue) for _ in range(min(_processes(), len(queue)))]
        for process in processes:
            ends.callback(process.end)
        for number, reports in _messages(processes):
            if number == ERROR:
                raise RuntimeError(reports)
            _report(session.items[number], reports)
            told.add(number)
            if session.shouldfail or session.shouldstop:
                queue.close()
    return told


def _messages(processes: Sequence[TestProcess]) -> Iterator[Message]:
    """Those of all processes, until each has ended."""
    running = {process.messages: process for process in processes}
    while running:
        for messages in set(running).intersection(wait(list(running))):
            try:
                yield messages.recv()
            except EOFError:
                if last := running.pop(messages).last_message():
                    yield last


def _report(item: pytest.Item, reports: Sequence[Any]) -> None:
    hook = item.config.hook
    if not reports:
        hook.pytest_runtest_logreport(report=TestReport(item.nodeid, item.location, {}, "passed", None, "call"))
    for data in reports:
        hook.pytest_runtest_logreport(report=hook.pytest_report_from_serializable(config=item.config, data=data))
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)  # moves the progress on
