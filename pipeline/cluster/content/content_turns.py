"""One thread at a time works at a content; others wait for it."""

import contextlib
import threading
from collections.abc import Iterator


class ContentTurns:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken: set[str] = set()

    @contextlib.contextmanager
    def of(self, digest: str) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: digest not in self._taken)
            self._taken.add(digest)
        try:
            yield
        finally:
            with self._changed:
                self._taken.discard(digest)
                self._changed.notify_all()
