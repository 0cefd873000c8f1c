"""The store of results: by their stage key, shared by all jobs of a project.

An entry is a folder, ``AB/KEY/``, with ``record.json`` and ``outputs/``. It appears in one step and goes in one step,
so any number of processes may put, take and remove entries at once. Nothing is flushed to the disk: an entry that a
power cut damaged is known by its checksum and digests, and removed.
"""

import contextlib
import errno
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cache import removal
from pipeline.cache.claims import Claims
from pipeline.cache.damage import DamagedEntry
from pipeline.cache.materialize import Placer
from pipeline.cache.record import OUTPUTS, RECORD, check, check_bytes, encode, folder_of, problem, read
from pipeline.digests import is_tree
from pipeline.files import publish
from pipeline.jobs.records import OutputRecord, StoredResult
from pipeline.signatures import Signature
from pipeline.values import replace

if TYPE_CHECKING:
    from pipeline.cache.usage import Entry
    from pipeline.directories.placement import TreePlacer

HEADROOM = 10  # a trim leaves a tenth of the limit free, so that the next few runs need none

NONE_KNOWN: Mapping[str, Signature] = {}

Outputs = dict[str, OutputRecord]


class ResultStore:
    def __init__(self, root: Path) -> None:
        self.root = root
        self._placer = Placer()
        self._tree_placer: TreePlacer | None = None  # made for the first directory
        self._has_put = False
        self.claims = Claims(root.with_name(f"{root.name}.claims"))

    def put(
        self,
        key: str,
        record: StoredResult,
        outputs: Mapping[str, Path],
        signatures: Mapping[str, Signature] = NONE_KNOWN,
    ) -> None:
        """Store a committed attempt's record and outputs; where the key has an entry already, that one stays.

        ``signatures``: of those that are directories, as they were committed. A file that can only be hard-linked loses
        its write permission. Where the disk is full, nothing is stored and nothing is left: a stage can always make its
        result again.
        """
        entry, part = folder_of(self.root, key), removal.new_name(self.root, "putting")
        if os.path.lexists(entry):
            return
        try:
            part.mkdir(parents=True)
            stored = replace(record, outputs=self._bring_in(part, record.outputs, outputs, signatures))
            with open(part / RECORD, "xb") as file:
                file.write(encode(stored))
            if _publish(part, entry):
                self._has_put = True
            else:
                removal.remove(part)
        except OSError:
            removal.remove(part)
        except BaseException:
            removal.remove(part)
            raise

    def has(self, key: str) -> bool:
        """Whether there is an entry, whole or not."""
        return os.path.lexists(folder_of(self.root, key))

    def take(self, key: str, folder: Path) -> StoredResult | None:
        """Place a result's files in an empty folder. Returns its record, with the files' sizes and times there.

        ``None`` where there is no entry, or a damaged one, which is removed; the folder is empty then. Each file's
        bytes were read and have the recorded digest. They aren't flushed to the disk; that is the caller's part.
        """
        entry = folder_of(self.root, key)
        try:
            os.stat(entry)
            record = read(entry, key)
            outputs = self._hand_out(entry, record.outputs, folder)
        except (DamagedEntry, OSError) as error:
            _empty(folder)
            if isinstance(error, DamagedEntry) or error.errno == errno.EIO:  # not where our own disk is full
                self.drop_damaged(key)
            return None
        with contextlib.suppress(OSError):  # removed meanwhile, or on a read-only disk
            os.utime(entry / RECORD)
        return replace(record, outputs=outputs)

    def entries(self) -> Iterator["Entry"]:
        from pipeline.cache.usage import entries

        return entries(self.root)

    def problem(self, key: str) -> str | None:
        """Why the key's entry is damaged; reads all of its bytes. ``None`` where it isn't, or where there is none."""
        return problem(folder_of(self.root, key), key)

    def drop_damaged(self, key: str) -> bool:
        """Remove an entry if it is still damaged: another process may have replaced it. Returns whether it did."""
        return self.problem(key) is not None and removal.discard(self.root, folder_of(self.root, key))

    def needs_trim(self, limit: int) -> bool:
        """Whether this process has stored something, and the store may hold more than ``limit`` bytes. Fast."""
        if not self._has_put:
            return False
        from pipeline.cache.usage import estimate

        return estimate(self.root) > limit or any(removal.stale(self.root))

    def trim(self, limit: int, keys_in_use: Collection[str]) -> None:
        """Remove entries where the store holds more than ``limit`` bytes. Those of ``keys_in_use`` stay."""
        from pipeline.cache.eviction import choose

        removal.sweep(self.root)
        found = list(self.entries())
        if sum(entry.size for entry in found) > limit:
            self.evict(choose(found, limit - limit // HEADROOM, keys_in_use).evicted)

    def evict(self, chosen: Collection["Entry"]) -> list["Entry"]:
        """Remove entries; returns those that this process removed."""
        return [entry for entry in chosen if removal.discard(self.root, entry.folder)]

    def sweep(self) -> int:
        """Remove what killed writers left more than an hour ago; returns how many folders and files."""
        return removal.sweep(self.root)

    def _bring_in(
        self, part: Path, records: Outputs, outputs: Mapping[str, Path], signatures: Mapping[str, Signature]
    ) -> Outputs:
        if not records:
            return {}
        (part / OUTPUTS).mkdir()
        files, trees = _apart(records)
        for name in {output.file: name for name, output in trees.items()}.values():
            from pipeline.cache import stored_directories

            target = part / OUTPUTS / outputs[name].name
            stored_directories.put(self._trees(), outputs[name], target, signatures.get(name))
        sources = {outputs[name].name: outputs[name] for name in files}
        return trees | self._place(sources, part / OUTPUTS, files, writable=False)

    def _hand_out(self, entry: Path, records: Outputs, folder: Path) -> Outputs:
        files, trees = _apart(records)
        sources = {}
        for output in files.values():
            sources[output.file] = entry / OUTPUTS / output.file
            check(sources[output.file], output)
        placed = self._place(sources, folder, files, writable=True)
        for output in placed.values():
            check_bytes(folder / output.file, output)
        for file, digest in {each.file: each.digest for each in trees.values()}.items():
            from pipeline.cache import stored_directories

            stored_directories.take(self._trees(), entry / OUTPUTS / file, folder / file, digest)
        return {name: placed.get(name, output) for name, output in records.items()}

    def _trees(self) -> "TreePlacer":
        if self._tree_placer is None:
            from pipeline.directories.placement import TreePlacer

            self._tree_placer = TreePlacer()
        return self._tree_placer

    def _place(self, files: Mapping[str, Path], folder: Path, records: Outputs, writable: bool) -> Outputs:
        """Place files, by name, in a folder; two outputs may be one file. Returns the outputs' records for there."""
        there = {name: self._placer.place(source, folder / name, writable) for name, source in files.items()}
        return {
            name: replace(output, size=there[output.file].st_size, mtime_ns=there[output.file].st_mtime_ns)
            for name, output in records.items()
        }


def _publish(part: Path, entry: Path) -> bool:
    """Give a complete entry its name; False where another process was faster."""
    try:
        return publish(part, entry)
    except FileNotFoundError:
        entry.parent.mkdir(exist_ok=True)
        return publish(part, entry)


def _apart(records: Outputs) -> tuple[Outputs, Outputs]:
    """The files and the directories, by output."""
    trees = {name: output for name, output in records.items() if is_tree(output.digest)}
    return {name: output for name, output in records.items() if name not in trees}, trees


def _empty(folder: Path) -> None:
    for name in os.listdir(folder):
        removal.remove(folder / name)
