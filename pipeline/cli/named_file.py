"""A file that a person has named for what a command makes."""

from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import write_at_once, write_whole


def write(target: Path, data: bytes, flush: bool = False) -> None:
    """Into a device or a pipe, or in place of a plain file. A device that is replaced is gone for the whole machine.

    ``flush``: wait until it is on the disk. Raises ``UsageError`` where it can't be written.
    """
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        elif flush:
            write_whole(target, data)
        else:
            write_at_once(target, data)
    except OSError as error:
        raise UsageError(f"{target} can't be written: {error.strerror}", "choose another place") from error
