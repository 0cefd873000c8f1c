"""This node's processes: the local executor, which has a thread of its own, for the threads of many attempts."""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pipeline.executors.base import Event, Invocation, ProcessExit, WorkerLimits
from pipeline.executors.local import NOT_STARTED, LocalExecutor

OnEvent = Callable[[Event], None]


class LocalRuns:
    """Starts and ends invocations; tells each one's events to who started it, in the executor's thread."""

    def __init__(self, logs: Path, limits: WorkerLimits | None = None, runtime: Path | None = None) -> None:
        self._executor = LocalExecutor(logs, limits, runtime)
        self._listeners: dict[str, OnEvent] = {}
        self._requests: deque[Callable[[], None]] = deque()
        self._wake, self._bell = os.pipe()
        os.set_blocking(self._wake, False)
        self._is_open = True
        self._thread = threading.Thread(target=self._loop, daemon=True, name="local runs")
        self._thread.start()

    def start(self, invocation: Invocation, on_event: OnEvent) -> None:
        """Its last event is an ``ProcessExit``, also where no process could be started."""
        self._request(lambda: self._submit(invocation, on_event))

    def cancel(self, id: str, grace: float) -> None:
        """As the executor's."""
        self._request(lambda: self._executor.cancel(id, grace))

    def close(self, grace: float) -> None:
        """End all that runs, and wait for it. May be called again."""
        if not self._is_open:
            return
        self._request(lambda: self._finish(grace))
        self._thread.join()
        os.close(self._wake)
        os.close(self._bell)

    def _request(self, request: Callable[[], None]) -> None:
        self._requests.append(request)
        os.write(self._bell, b"!")

    def _submit(self, invocation: Invocation, on_event: OnEvent) -> None:
        self._listeners[invocation.id] = on_event
        try:
            self._executor.submit(invocation)
        except OSError as error:
            self._tell(ProcessExit(invocation.id, NOT_STARTED, f"no process could be started: {error}"))

    def _loop(self) -> None:
        while self._is_open:
            for event in self._executor.wait(self._wake):
                self._tell(event)
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 4096)
            while self._requests:
                self._requests.popleft()()

    def _tell(self, event: Event) -> None:
        is_last = isinstance(event, ProcessExit)
        listener = self._listeners.pop(event.id, None) if is_last else self._listeners.get(event.id)
        if listener is not None:
            listener(event)

    def _finish(self, grace: float) -> None:
        self._is_open = False
        self._executor.stop(grace)
        self._executor.close()
        for id in list(self._listeners):
            self._tell(ProcessExit(id, NOT_STARTED, "the node's agent has ended"))
