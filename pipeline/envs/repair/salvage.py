"""The whole files of a damaged build, put into a new one at the cost of a hard link for each.

The new build stands elsewhere, so scripts that name the old folder are rewritten. A file that the installer may write
to afterwards is copied: through a link it would change the old build, in which stages may be running.
"""

import csv
import io
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pipeline.envs import package_records
from pipeline.envs.build import Build
from pipeline.envs.package_records import package_of
from pipeline.envs.platform.layout import scripts_folder
from pipeline.envs.repair import scripts
from pipeline.envs.repair.paths import RepairPaths
from pipeline.envs.verification import manifest
from pipeline.envs.verification.file_check import BYTECODE_FOLDER, FileCheck, from_site_packages, source_of
from pipeline.envs.verification.file_digests import FAST, Content, Reader, algorithm_of, digest_of
from pipeline.envs.verification.manifest import Entry, Folders

Row = tuple[str, str, str]  # file, digest, size, as in a RECORD


@dataclass(frozen=True)
class Salvage:
    old: Build
    folders: Folders  # the list of the old build's files
    check: FileCheck  # of the old build
    prefix: Path  # of the new build
    known_entries: dict[str, Entry] = field(default_factory=dict)  # by path: what the new list needn't read again

    @property
    def site_packages(self) -> Path:
        return self.prefix / self._inside_packages

    @property
    def _inside_packages(self) -> str:
        return self.old.own_marker.site_packages

    @cached_property
    def _paths(self) -> RepairPaths:
        return RepairPaths(str(self.old.prefix), str(self.prefix), self._inside_packages)

    def put_whole(self) -> None:
        """Put all files of the packages that are whole. Raises ``Unsalvageable``, and ``OSError``."""
        rows = {name: self._rows(name) for name in self._whole_packages()}
        copied = self._written_later()
        for dist_info, listed in rows.items():
            rewritten = {file: self._put(file, copied) for file, _, _ in listed}
            self._put_metadata(dist_info, listed, {file: row for file, row in rewritten.items() if row})
        sources = {file for listed in rows.values() for file, _, _ in listed}
        for file in self._bytecode():
            if source_of(file) in sources:
                self._place(file)

    def reuse_bytecode(self) -> bool:
        """Take the old build's proved bytecode for sources that were just installed with the same content.

        Returns whether all bytecode of the old build is there now.
        """
        self._paths.forget_folders()  # the installer may have removed some since
        digests = self._source_digests()
        reused = [self._reuse(file, digests) for file in self._bytecode(also_damaged=True)]
        return all(reused)

    def learn(self, contents: Mapping[str, Content]) -> None:
        """Remember new files that were read, so that they aren't read again for the list.

        A file that got its old time since keeps its entry of the old list.
        """
        for path, entry in manifest.entries(self._inside_packages, contents).items():
            self.known_entries.setdefault(path, entry)

    def _whole_packages(self) -> list[str]:
        """By the folders of their metadata."""
        packages = self.old.own_marker.fingerprint.records
        return [name for name in packages if package_of(name) not in self.check.to_reinstall]

    def _rows(self, dist_info: str) -> list[Row]:
        listed = list(package_records.rows(Path(self._paths.old(f"{dist_info}/RECORD"))))
        return [row for row in listed if row[0] != f"{dist_info}/RECORD" and source_of(row[0]) == row[0]]

    def _written_later(self) -> set[str] | None:
        """The files of the packages that are installed again; ``None`` where they can't be known."""
        files: set[str] = set()
        for name in self.old.own_marker.fingerprint.records:
            if package_of(name) in self.check.to_reinstall:
                if name in self.check.packages.missing or f"{name}/RECORD" in self._damaged_files:
                    return None
                files.update(file for file, _, _ in self._rows(name))
        return files

    def _put(self, file: str, copied: set[str] | None) -> Row | None:
        """Returns the file's new line for the ``RECORD`` where its content had to be changed."""
        source = self._paths.old(file)
        if file in self._undelivered and not os.path.exists(source):
            return None
        if os.path.dirname(source) == self._scripts and (data := self._rewritten(source)) is not None:
            return self._write_script(file, Path(source), data)
        self._place(file, link=copied is not None and file not in copied)
        return None

    def _rewritten(self, script: str) -> bytes | None:
        return scripts.rewritten(Path(script), self.old.own_marker.prefix, str(self.prefix))

    def _write_script(self, file: str, source: Path, data: bytes) -> Row:
        target = self._paths.new(file)
        Path(target).write_bytes(data)
        shutil.copymode(source, target)
        entry: Entry = [len(data), os.stat(target).st_mtime_ns, digest_of(FAST, data)]
        self.known_entries[self._paths.inside(file)] = entry
        return file, digest_of("sha256", data), str(len(data))

    def _put_metadata(self, dist_info: str, listed: list[Row], rewritten: Mapping[str, Row]) -> None:
        """The installer's own files beside the package, and the ``RECORD`` with the lines of rewritten files."""
        inside = f"{self._inside_packages}/{dist_info}"
        done = {file for file, _, _ in listed}
        for name in self.folders.get(inside, ()):
            if name != "RECORD" and f"{dist_info}/{name}" not in done:
                self._place(f"{dist_info}/{name}")
        record = f"{dist_info}/RECORD"
        if not rewritten:
            self._place(record)
            return
        text = io.StringIO()
        rows = package_records.rows(Path(self._paths.old(record)))
        csv.writer(text, lineterminator="\n").writerows(rewritten.get(row[0], row) for row in rows)
        Path(self._paths.new(record)).write_text(text.getvalue(), encoding="utf-8", newline="")

    def _bytecode(self, also_damaged: bool = False) -> list[str]:
        """The listed bytecode, by paths as a ``RECORD`` has them; without damaged files unless ``also_damaged``."""
        damaged = set() if also_damaged else self._damaged_files
        files = (
            from_site_packages(self.old, f"{folder}/{name}")
            for folder, names in self.folders.items()
            if folder.endswith(BYTECODE_FOLDER)
            for name in names
        )
        return [file for file in files if file not in damaged]

    def _source_digests(self) -> dict[str, str]:
        """The digest that each source had when its bytecode was made, from the ``RECORD``s and the list."""
        digests: dict[str, str] = {}
        for folder in self.old.own_marker.fingerprint.records:
            record = f"{folder}/RECORD"
            if folder not in self.check.packages.missing and record not in self._damaged_files:
                digests.update(
                    (file, digest) for file, digest, _ in package_records.rows(Path(self._paths.old(record)))
                )
        digests.update((file, digest or "") for file, digest in self._corrections().items())
        for folder, names in self.folders.items():
            for name, entry in names.items():
                if len(entry) == 3 and name.endswith(".py"):  # of the file as it was, whatever its RECORD says
                    digests[from_site_packages(self.old, f"{folder}/{name}")] = entry[2]
        return digests

    def _reuse(self, file: str, digests: Mapping[str, str]) -> bool:
        target, source = self._paths.new(file), self._paths.new(source_of(file))
        time = self._time_of(source_of(file))
        # The times differ where another package that has the same source was installed again.
        if os.path.exists(target) and _time_at(source) == time:
            return True
        digest = digests.get(source_of(file), "")
        algorithm = algorithm_of(digest)
        is_digest = algorithm == FAST or package_records.is_digest(digest)
        if not is_digest or file in self._damaged_files or not os.path.isfile(source) or time is None:
            return False
        if self._reader.read(source, (algorithm,)).digests[algorithm] != digest or not _give_time(source, time):
            return False
        self._place(file)
        self._remember(source_of(file))  # with the old content and the old time, its entry of the old list holds
        return True

    def _remember(self, file: str) -> None:
        """Take the entry of the old list for the new one."""
        folder, _, name = (path := self._paths.inside(file)).rpartition("/")
        if len(entry := self.folders.get(folder, {}).get(name, [])) == 3:
            self.known_entries[path] = entry

    def _time_of(self, file: str) -> int | None:
        """When the old build's file was written, in nanoseconds; its bytecode has this time."""
        folder, _, name = self._paths.inside(file).rpartition("/")
        entry = self.folders.get(folder, {}).get(name, [])
        return int(entry[1]) if len(entry) > 1 else None

    def _place(self, file: str, link: bool = True) -> None:
        self._remember(file)
        self._paths.put(file, link)

    @cached_property
    def _scripts(self) -> str:
        return str(scripts_folder(self.old.prefix))

    @cached_property
    def _reader(self) -> Reader:
        return Reader()

    @cached_property
    def _damaged_files(self) -> set[str]:
        return {*(each.file for each in self.check.damaged), *self.check.ownerless}

    def _corrections(self) -> Mapping[str, str | None]:
        """Digests by file where a publisher's ``RECORD`` is wrong."""
        return self.old.own_marker.corrections

    @cached_property
    def _undelivered(self) -> set[str]:
        """Files that publishers listed and didn't deliver."""
        return {file for file, digest in self._corrections().items() if digest is None}


def _time_at(file: str) -> int | None:
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return None


def _give_time(source: str, time: int) -> bool:
    """Bytecode fits a source of one time only. A file that uv's cache shares keeps its time; returns False then."""
    status = os.stat(source)
    if status.st_mtime_ns == time:
        return True
    if status.st_nlink > 1:
        return False
    os.utime(source, ns=(status.st_atime_ns, time))
    return True
