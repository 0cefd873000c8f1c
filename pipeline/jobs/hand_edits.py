"""Delivered files that a person has edited in place, and whose changes nobody has accepted.

Before another content takes such a file's name, the file gets a name of its own, ``film.edited-1.en.srt``, and its
sidecar goes with it, so that "pipeline subtitles accept" knows what it was made from.
"""

import os
import stat
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from pipeline.digests import content_digest
from pipeline.files import WRITE, dump_json, read_json, sync_folder, write_whole
from pipeline.jobs import delivered_folders, sidecar
from pipeline.jobs.events import OutputEdited, StageFinished
from pipeline.jobs.job import PlannedJob
from pipeline.text import printable
from pipeline.values import Struct

MARK = ".edited-"
LARGE = 64 << 20  # bytes
LONGEST_NAME = 255  # bytes, on nearly every file system
SUBTITLES = (".srt", ".vtt", ".ass")


class HandEdit(Struct, frozen=True):
    """A file that a person has edited where it was delivered: ``name``, and where it lies now."""

    name: str
    file: Path


class HandEdits:
    """Those in the output folder of one job. What the job has made itself is none, nor what was accepted."""

    def __init__(self, job: PlannedJob) -> None:
        self._job = job
        self._about = job.output / sidecar.FOLDER

    def has(self, target: Path, digest: str = "") -> bool:
        """Whether a person has changed what stands there. ``digest`` is that of what will stand there."""
        beside = self._about / sidecar.name_for(target.name)
        known = {sidecar.digest_in(beside), digest}
        if target.is_dir() and not target.is_symlink():
            return delivered_folders.has_own_files(target, sidecar.digest_in(beside))
        status = os.lstat(target)
        is_link = status.st_nlink > 1 and not status.st_mode & WRITE  # a stage may have written to another name of it
        if not stat.S_ISREG(status.st_mode) or not status.st_size or is_link:
            return False
        own = content_digest(target)
        return own not in known and own not in self._made

    def set_aside(self, target: Path) -> HandEdit:
        """Give it a name of its own, on the disk, with its sidecar. Raises ``OSError``."""
        file = next(each for each in self._names(target.name) if not os.path.lexists(each))
        beside = self._about / sidecar.name_for(target.name)
        if beside.exists():
            told = {**read_json(beside), "file": file.name, "edited": target.name}
            write_whole(self._about / sidecar.name_for(file.name), dump_json(told))
        os.rename(target, file)
        sync_folder(file.parent)
        return HandEdit(target.name, file)

    def left(self) -> list[HandEdit]:
        """All that have a name of their own, in order."""
        found = []
        for file in sorted(self._job.output.glob(f"*{MARK}*")) if self._job.output.is_dir() else ():
            try:
                told = read_json(self._about / sidecar.name_for(file.name))
                name = told["edited"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if content_digest(file) not in self._made:
                found.append(HandEdit(name, file))
        return found

    def unaccepted(self) -> list[str]:
        """The names of all files that a person has edited, here and set aside, and that nobody has accepted."""
        delivered = [self._job.output / name for name in self._job.loaded.delivered]
        here = [each.name for each in delivered if os.path.lexists(each) and not self._is_old(each) and self.has(each)]
        return [*here, *(each.file.name for each in self.left())]

    def _is_old(self, target: Path) -> bool:
        """Whether a large file was written before its sidecar, so that it needn't be read."""
        beside = self._about / sidecar.name_for(target.name)
        status = os.lstat(target)
        return status.st_size > LARGE and beside.exists() and status.st_mtime_ns <= beside.stat().st_mtime_ns

    def words(self, edit: HandEdit) -> str:
        """What became of it, and the command that takes it."""
        import shlex  # few runs need it

        id, file = self._job.id, shlex.quote(printable(str(edit.file)))
        of = self._made.get(sidecar.digest_in(self._about / sidecar.name_for(edit.file.name)) or "")
        kept = f"{id}: {printable(edit.name)} was edited and not accepted, so it is kept as {printable(edit.file.name)}"
        if edit.file.suffix in SUBTITLES:
            return f"{kept}; this takes it:\npipeline subtitles accept {file} --job {id}"
        return f"{kept}; this takes it:\npipeline job edit {id} {'.'.join(of)} {file}" if of else kept

    @cached_property
    def _made(self) -> dict[str, tuple[str, str]]:
        """All that the job's stages have made, and that was accepted: by digest, the stage and its output."""
        found = dict[str, tuple[str, str]]()
        for event in self._job.journal().read():
            if isinstance(event, StageFinished):
                found |= {each.digest: (event.stage, name) for name, each in event.outputs.items()}
            elif isinstance(event, OutputEdited):
                found |= {each.record.digest: (event.stage, name) for name, each in event.outputs.items()}
                found |= {event.source_digest: (event.stage, next(iter(event.outputs)))} if event.source_digest else {}
        return found

    def _names(self, name: str) -> Iterator[Path]:
        title = self._job.input.stem
        title, rest = (title, name[len(title) :]) if name.startswith(f"{title}.") else ("", f".{name}")
        number = 0
        while True:
            number += 1
            mark, cut = f"{MARK}{number}{rest}", title
            while cut and len(os.fsencode(cut + mark)) > LONGEST_NAME:
                cut = cut[:-1]
            yield self._job.output / (cut + mark)
