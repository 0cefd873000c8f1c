"""Removing a job with all that its stages made and delivered. What it put beside its input stays."""

import os
from pathlib import Path

from pipeline.errors import NotReady
from pipeline.files import publish, sync_folder, try_remove_tree
from pipeline.jobs.job import JobFolder
from pipeline.jobs.store import REMOVING
from pipeline.locks import Held, exclusive


def remove(job: JobFolder) -> int:
    """Returns the bytes that are free by that. Raises ``NotReady`` where a process runs the job.

    The folder loses its name first, so that a job is there whole or not at all, whenever this is killed.
    """
    aside = job.folder.with_name(f"{REMOVING}{job.id}-{os.urandom(4).hex()}")
    try:
        with exclusive(job.lock):
            freed = size_of(job.folder)
            publish(job.folder, aside)
    except Held as other:
        raise NotReady(f"{job.id} is being run by {other.holder}", f"pipeline job cancel {job.id}") from other
    sync_folder(aside.parent)
    try_remove_tree(aside)
    if aside.exists():
        raise NotReady(f"{aside} can't be removed entirely", "see who owns the files in it, and remove it by hand")
    return freed


def size_of(folder: Path) -> int:
    """Bytes of the files that stand nowhere else: results that the store shares stay there."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            status = os.lstat(os.path.join(parent, name))
            total += status.st_size if status.st_nlink == 1 else 0
    return total
