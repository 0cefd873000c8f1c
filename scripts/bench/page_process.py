"""A running ``pipeline ui``, and the machine's own Chromium: as benchmarks and the tests of pages start them."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from measuring import Failed

NAMES = ("chromium", "chromium-browser", "google-chrome-stable")
INSTALLATION = "apt-get install -y chromium"
PATIENCE = 60  # seconds for one answer


@dataclass(frozen=True)
class ServedPage:
    """``link`` works once, and gives a browser its cookie."""

    process: "subprocess.Popen[bytes]"
    link: str

    @property
    def address(self) -> str:
        return self.link.partition("/open")[0]


@contextlib.contextmanager
def served(process: "subprocess.Popen[bytes]") -> Iterator[ServedPage]:
    """The page of a process that was started with a pipe for its output, until the block ends. Raises ``Failed``."""
    try:
        assert process.stdout is not None
        link = process.stdout.readline().decode().strip()
        if not link:
            _, problem = process.communicate(timeout=PATIENCE)
            raise Failed(f"pipeline ui doesn't start: {(problem or b'').decode()}")
        yield ServedPage(process, link)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


def program() -> str | None:
    """The path of the machine's own browser; none is downloaded."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def switches() -> list[str]:
    """Chromium's own sandbox refuses to be root's, and a container's shared memory may be small."""
    return ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
