"""Standard output that nobody may read, or slowly: who writes never waits for it."""

import contextlib
import json
import os
import queue
import threading

MOST_WAITING = 10_000  # lines; more are lost, and their number is told
LAST_SECONDS = 2.0  # for what waits at the end
STDOUT = 1


class PatientOutput:
    """Writes lines in a thread of its own."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._lost = 0
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def __call__(self, line: str) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._lost += 1

    def close(self) -> None:
        """Write what waits, as far as it is taken in a short while."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=LAST_SECONDS)
            self._thread.join(LAST_SECONDS)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            lost, self._lost = self._lost, 0
            text = line + (f"{json.dumps({'event': 'lines lost', 'lines': lost})}\n" if lost else "")
            data = text.encode()
            try:
                while data:  # past Python's own buffer, whose lock would keep the interpreter from ending
                    data = data[os.write(STDOUT, data) :]
            except OSError:  # nobody reads any more: the service goes on all the same
                return
