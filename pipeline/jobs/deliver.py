"""A finished job's deliverables: ``output/`` holds them under names made from the input's.

Each has a sidecar, ``output/about/FILE.json``, which says what made it.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.digests import content_digest
from pipeline.files import WRITE, clear, copy, link_read_only, reflink, replaced, sync_file, sync_folder
from pipeline.jobs import delivered_folders, sidecar
from pipeline.jobs.hand_edits import HandEdit, HandEdits
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.records import Output
from pipeline.jobs.results import Results
from pipeline.jobs.sidecar import DeliveredOutput, Sidecars
from pipeline.references import split

COPY_UP_TO = 64 << 20  # bytes; a person may edit a subtitle in place, so texts are files of their own
SHARE_FROM = 1 << 20  # bytes; a film takes the room of one on the disk, not of two
TEXTS = (
    ".srt",
    ".vtt",
    ".ass",
    ".ssa",
    ".ttml",
    ".sub",
    ".smi",
    ".lrc",
    ".txt",
    ".json",
    ".csv",
    ".tsv",
    ".md",
    ".html",
)
LONGEST_NAME = 255  # bytes, on nearly every file system
MANY = 100  # files, each of which is put on the disk by itself


def takes_long(job: PlannedJob, results: Results) -> bool:
    """Whether there is a directory among the deliverables, a large file, or many of them."""
    outputs = [each for reference in job.plan.deliver for each in results.outputs(reference).values()]
    return len(outputs) > MANY or any(each.is_directory or each.size > COPY_UP_TO for each in outputs)


def deliver(
    job: PlannedJob,
    results: Results,
    replaces: bool,
    before: Sequence[str] = (),
    tell: Callable[[HandEdit], None] = lambda _: None,
) -> list[Path]:
    """Put each deliverable there, on the disk; ``replaces``: also what stands there with another content.

    A file that was delivered with the same content before is left alone: a person may have edited it since. One that a
    person has edited gets a name of its own before another content takes its place, and ``tell`` is called with it.
    ``before`` are the names that an earlier run delivered: what isn't delivered any more is removed. Returns the
    paths in order, one for each output, which several may share.
    """
    job.output.mkdir(exist_ok=True)
    edits = HandEdits(job)
    sidecars, about = Sidecars(job, results), job.output / sidecar.FOLDER
    targets, placed, written = [], dict[Path, bool](), False
    for made, target in named_targets(job, results, job.plan.deliver):
        targets.append(target)
        if target in placed:
            continue
        beside = about / sidecar.name_for(target.name)
        is_there = target.exists()
        placed[target] = not is_there or (
            replaces and (sidecar.digest_in(beside) != made.output.digest or _is_damaged(target, made.output))
        )
        if placed[target]:
            if is_there and edits.has(target, made.output.digest):
                tell(edits.set_aside(target))
            _place(made.output.path, target)
        if replaces or not is_there or not beside.exists():
            about.mkdir(exist_ok=True)
            sidecar.write(beside, sidecars.describe(made, target.name))
            written = True
    for name in set(before) - {target.name for target in placed}:
        if os.path.lexists(job.output / name) and edits.has(job.output / name):
            tell(edits.set_aside(job.output / name))
        clear(job.output / name)
        (about / sidecar.name_for(name)).unlink(missing_ok=True)
    if written:
        for folder in (about, job.output, job.folder):
            sync_folder(folder)
    return targets


def named_targets(job: PlannedJob, results: Results, references: Sequence[str]) -> list[tuple[DeliveredOutput, Path]]:
    """Each output of these references, with its place in the output folder. All must have results."""
    return [(made, job.output / _name(job.input.stem, name)) for made, name in _named(references, results)]


def _named(references: Sequence[str], results: Results) -> list[tuple[DeliveredOutput, str]]:
    """Each output with its name; where several have the same for another content, the stage's name goes before it."""
    made = [
        DeliveredOutput(split(each)[0], place, member, output)
        for each in references
        for place, (member, output) in enumerate(results.outputs(each).items())
    ]
    count = Counter(name for name, _ in {(each.output.path.name, each.output.digest) for each in made})
    return [
        (each, _apart(each, results) if count[each.output.path.name] > 1 else each.output.path.name) for each in made
    ]


def _apart(made: DeliveredOutput, results: Results) -> str:
    """The member of a fan-out over a list is called by its item, where no other one has the same name by that."""
    items = Counter(_as_file_name(results.item(name) or "") for name in results.of(made.stage))
    item = _as_file_name(results.item(made.member) or "")
    member = f"{made.stage}_{item}" if item and items[item] == 1 else made.member
    return f"{member}.{made.output.path.name}"


def _as_file_name(item: str) -> str:
    return re.sub(r"[^\w.-]+", "_", item).strip("._")


def _name(title: str, output: str) -> str:
    """The input's name without its suffix, shortened where the file system would refuse the whole."""
    room = LONGEST_NAME - len(os.fsencode(f".{output}"))
    while title and len(os.fsencode(title)) > room:
        title = title[:-1]
    return f"{title}.{output}" if title else output


def _place(source: Path, target: Path) -> None:
    if source.is_dir():
        delivered_folders.place(source, target)
        return
    if target.is_dir():  # what was delivered under this name before was a folder
        clear(target)
    # One short name, so that what a killed run left is replaced, too. A link's content is on the disk already.
    with replaced(target, flush=False, temporary=".placing.tmp") as beside:
        clear(beside)
        if not _is_shared(source) or not (reflink(source, beside) or link_read_only(source, beside)):
            copy(source, beside)
            sync_file(beside)


def _is_damaged(target: Path, output: Output) -> bool:
    """Whether a link that was delivered isn't whole. No person has edited it, since it is read-only: a stage wrote to
    another name of the same bytes. Reads it only where it isn't the output's own file any more."""
    if output.is_directory:
        return delivered_folders.is_damaged(target, output)
    status, own = target.stat(), output.path.stat()
    is_link = not target.is_symlink() and not status.st_mode & WRITE
    return (
        is_link
        and (status.st_dev, status.st_ino) != (own.st_dev, own.st_ino)
        and content_digest(target) != output.digest
    )


def _is_shared(source: Path) -> bool:
    limit = COPY_UP_TO if source.suffix.lower() in TEXTS else min(COPY_UP_TO, SHARE_FROM)
    return source.stat().st_size > limit
