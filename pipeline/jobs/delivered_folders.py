"""Directories among the deliverables: folders whose files are the job's own, under another name and read-only."""

import os
import stat
from pathlib import Path

from pipeline.digests import content_digest
from pipeline.files import WRITE, clear, replace_folder, sync_folder
from pipeline.jobs.records import Output


def place(source: Path, target: Path) -> None:
    """A whole folder in place of whatever stands there. Raises ``OSError``."""
    from pipeline.directories.placement import TreePlacer
    from pipeline.directories.scan import scan

    beside = target.with_name(".placing.tmp")  # one name, so that what a killed run left is replaced, too
    clear(beside)
    try:
        TreePlacer().place(source, scan(source), beside)
        clear(target)
        replace_folder(beside, target)
    except BaseException:
        clear(beside)
        raise
    sync_folder(target)


def is_damaged(target: Path, output: Output) -> bool:
    """Whether a file in it that nobody may write to isn't what was committed: a stage wrote to another name of it.

    What a person has added, removed or replaced is left alone.
    """
    from pipeline.directories import manifest

    entries = manifest.read(output.path, output.digest)
    files = [each for each in entries.entries if each.kind in {"file", "program"}] if entries else []
    for each in files:
        try:
            status, own = os.lstat(target / each.path), os.lstat(output.path / each.path)
        except OSError:
            continue
        is_link = stat.S_ISREG(status.st_mode) and not status.st_mode & WRITE
        is_own = (status.st_dev, status.st_ino) == (own.st_dev, own.st_ino)
        if is_link and not is_own and content_digest(target / each.path) != f"blake3:{each.content}":
            return True
    return False


def has_own_files(target: Path, digest: str | None) -> bool:
    """Whether a person has put or changed a file in it since it was delivered with this digest.

    Files of ours are read-only links, where the file system has links. Elsewhere all files are read.
    """
    from pipeline.directories import tree_reader
    from pipeline.directories.scan import scan

    if not any(each.is_file and each.mode & WRITE for each in scan(target).items):
        return False
    try:
        return tree_reader.digest_of(target) != digest
    except tree_reader.DirectoryUnusable:  # it has what no stage leaves
        return True
