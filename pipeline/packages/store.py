"""The user's installed packages: a folder for each, ``NAME-DIGEST``, which is a project of its own."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from pipeline.config.paths import user_store
from pipeline.digests import sha256_of_file
from pipeline.errors import NotReady, UsageError, did_you_mean
from pipeline.files import read_json, replace_folder, try_remove_tree
from pipeline.jobs.job import JobFolder
from pipeline.locks import Held, exclusive
from pipeline.text import printable

RECORD = "package.json"  # the manifest, in the folder of the package
LOCK = ".lock"


@dataclass(frozen=True)
class PackageFolder:
    """A package's folder."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def jobs(self) -> Sequence[Path]:
        """Their folders."""
        jobs = self.folder / "jobs"
        found = jobs.iterdir() if jobs.is_dir() else ()
        return sorted(each for each in found if each.is_dir() and not each.name.startswith("."))

    def changed_file(self) -> str | None:
        """The first file that isn't as the package brought it; ``None`` where all are."""
        for member, described in self.manifest["files"].items():
            if place := place_of(member):
                file = self.folder / place
                if not file.is_file() or sha256_of_file(file) != described["sha256"]:
                    return place
        return None


def place_of(member: str) -> str | None:
    """Where a file of a package stands in its project; ``None`` for models and bundles, which go elsewhere."""
    layer, _, place = member.partition("/")
    return {"project": place, "extended": member}.get(layer)


def root() -> Path:
    """Where all are. Raises ``UsageError`` where the user has no such place."""
    return user_store() / "packages"


def installed() -> Iterator[PackageFolder]:
    """All, by name."""
    folder = root()
    for each in sorted(folder.iterdir()) if folder.is_dir() else ():
        if (found := at(each)) is not None:
            yield found


def at(folder: Path) -> PackageFolder | None:
    """What a folder holds; ``None`` where it is no package."""
    if folder.name.startswith("."):
        return None
    try:
        manifest = read_json(folder / RECORD)
    except (OSError, ValueError):
        return None
    return PackageFolder(folder, manifest) if isinstance(manifest, dict) and "files" in manifest else None


def remove(identity: str, with_jobs: bool) -> Path:
    """Remove an installed package. Its environments stay for others until they are collected.

    Raises ``UsageError`` for an unknown one, and for one with jobs where these don't go too; ``NotReady`` where a
    process runs one of them.
    """
    with exclusive(root() / LOCK, lambda _: None) if root().is_dir() else _nothing():
        by_identity = {each.folder.name: each for each in installed()}
        if identity not in by_identity:
            near = did_you_mean(identity, sorted(by_identity))
            raise UsageError(f"no package '{printable(identity)}' is installed{near}", "pipeline package list")
        found = by_identity[identity]
        if found.jobs and not with_jobs:
            raise UsageError(
                f"{identity} has jobs, with their results, in {found.folder / 'jobs'}",
                f"pipeline package remove {identity} --with-jobs   removes them, too",
            )
        with contextlib.ExitStack() as locks:
            for job in found.jobs:
                locks.enter_context(_not_run(found.folder, job))
            _remove(found.folder)
        return found.folder


@contextlib.contextmanager
def _not_run(folder: Path, job: Path) -> Iterator[None]:
    """Meanwhile nothing runs the job. Raises ``NotReady`` where a process does."""
    try:
        with exclusive(JobFolder(job).lock):
            yield
    except Held as other:
        raise NotReady(
            f"{folder.name} has a job that is being run by {other.holder}",
            f"pipeline job cancel {job.name} --root {quote(str(folder))}",
        ) from other


def _remove(folder: Path) -> None:
    """By another name first: what is half removed is no package."""
    beside = folder.with_name(f".removed-{folder.name}")
    replace_folder(folder, beside)
    try_remove_tree(beside)
    if beside.exists():
        raise NotReady(f"{beside} can't be removed", f"remove it by hand: {beside}")


def _nothing() -> Any:
    return contextlib.nullcontext()
