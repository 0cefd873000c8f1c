"""Reads a journal as it grows, each line once."""

from pathlib import Path

from pipeline.errors import UsageError
from pipeline.jobs.events import AnyEvent
from pipeline.jobs.journal import AGAIN, NAME, UPDATE, JournalDamaged, is_whole
from pipeline.values import decode


class JournalReader:
    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._read = 0  # bytes
        self._lines = 0

    def new(self, most: int = -1) -> list[AnyEvent]:
        """What was written since the last call; with ``most``, from about as many bytes of it.

        A line that isn't whole yet is left for the next call: it is being written, or a crash has left it, and then
        the next run takes it away. Raises ``UsageError`` where the journal is gone, and ``JournalDamaged``.
        """
        *lines, _ = self._rest(most).split(b"\n")
        if lines and not is_whole(lines[-1]):
            lines.pop()
        for number, line in enumerate(lines, self._lines + 1):
            if not is_whole(line):
                raise JournalDamaged(f"{self._path}:{number}: this line is damaged", AGAIN)
        self._read += sum(map(len, lines)) + len(lines)
        self._lines += len(lines)
        try:
            return decode(b"[%b]" % b",".join(lines), list[AnyEvent])
        except ValueError as error:
            raise UsageError(f"{self._path} has an entry that this version doesn't know: {error}", UPDATE) from error

    def _rest(self, most: int) -> bytes:
        try:
            with open(self._path, "rb") as file:
                file.seek(self._read)
                return file.read() if most < 0 else file.read(most) + file.readline()
        except FileNotFoundError as error:
            raise UsageError(f"{self._path} is gone: the job was removed", "pipeline job list") from error
