"""What a new process reads on its standard input, with secrets perhaps: it stands in no file that has a name."""

import contextlib
import os
from collections.abc import Iterator

from pipeline.sdk.callmemory import nameless_file


@contextlib.contextmanager
def standard_input(data: bytes) -> Iterator[int]:
    """A descriptor from which this is read; nothing, where it is empty. Raises ``OSError``."""
    descriptor = nameless_file(len(data)) if data else os.open(os.devnull, os.O_RDONLY)
    try:
        written = 0
        while written < len(data):
            written += os.pwrite(descriptor, data[written:], written)
        yield descriptor
    finally:
        os.close(descriptor)
