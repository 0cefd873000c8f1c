"""What Dask, and what else deploys nodes, says of itself goes into a file: a run's own terminal is for the run."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

NAMES = ("distributed", "tornado.application", "asyncio", "asyncssh")


@contextlib.contextmanager
def into(file: Path) -> Iterator[None]:
    """Until the block ends. Raises ``OSError``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
    handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    loggers = [logging.getLogger(name) for name in NAMES]
    before = [(each.handlers, each.propagate) for each in loggers]
    for each in loggers:
        each.handlers, each.propagate = [handler], False
    logging.root.addHandler(handler)  # a library that logs there, where nobody listens, would write to the terminal
    try:
        yield
    finally:
        logging.root.removeHandler(handler)
        for each, (handlers, propagate) in zip(loggers, before, strict=True):
            each.handlers, each.propagate = handlers, propagate
        handler.close()
