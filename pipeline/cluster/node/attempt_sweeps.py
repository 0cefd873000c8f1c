"""What attempts leave behind is ended: at once where something may depend on it, else for many of them in one look.

One look at all processes of the machine takes longer than all else that an agent does for a short stage.
"""

import threading
from collections.abc import Collection

from pipeline.run.supervision import sweep

PAUSE = 0.2  # seconds that ends are gathered


class AttemptSweeps:
    """Each attempt's processes carry its token."""

    def __init__(self) -> None:
        self._since = sweep.started_at()  # what is older than this process is nothing of ours
        self._changed = threading.Condition()
        self._tokens: list[str] = []
        self._is_open = True
        self._thread: threading.Thread | None = None

    def now(self, token: str) -> None:
        """Returns when nothing is left."""
        self._sweep([token])

    def soon(self, token: str) -> None:
        """Returns at once."""
        with self._changed:
            self._tokens.append(token)
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, daemon=True, name="sweeps")
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing is looked for any more; the guardian ends what is left."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._tokens or not self._is_open)
                self._changed.wait_for(lambda: not self._is_open, PAUSE)
                tokens, self._tokens = self._tokens, []
                if not self._is_open:
                    return
            self._sweep(tokens)

    def _sweep(self, tokens: Collection[str]) -> None:
        sweep.sweep_all(tokens, self._since)
