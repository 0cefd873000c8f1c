"""Whatever a stage does to the files of jobs: what is delivered in the end is what was to be made."""

import contextlib
import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import PipelineError
from pipeline.jobs.input_name import path_for
from pipeline.jobs.job import PlannedJob, load
from pipeline.signatures import settled_signature_of
from tests.conftest import examples
from tests.run.helpers import Act, Bench, fan_out, link, lister, listing

STAGES = ("one", "split", "each", "two", "three", "last")


def rewrites(path: Path) -> None:
    """Other bytes, with the size and time of the old ones."""
    settled_signature_of(path)
    status = path.stat()
    path.chmod(0o644)
    path.write_bytes(b"X" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def appends(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"XX")


def removes(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def becomes_a_folder(path: Path) -> None:
    removes(path)
    (path / "with").mkdir(parents=True)


def becomes_a_file(path: Path) -> None:
    removes(path)
    path.write_text("XXXX")


def becomes_a_link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


def leads_nowhere(path: Path) -> None:
    removes(path)
    path.symlink_to("nowhere")


def leads_to_itself(path: Path) -> None:
    removes(path)
    path.symlink_to(path.parent)


def is_locked(path: Path) -> None:
    path.chmod(0)


CHANGES = (
    rewrites,
    appends,
    removes,
    becomes_a_folder,
    becomes_a_file,
    becomes_a_link,
    leads_nowhere,
    leads_to_itself,
    is_locked,
    os.utime,
)


def places(jobs: Sequence[PlannedJob]) -> list[Path]:
    """All that a stage may come to from its inputs."""
    tops = [job.folder / "stages" for job in jobs]
    inputs = [each for job in jobs for each in (path_for(job), path_for(job).parent)]
    within = [Path(top, name) for stages in tops for top, folders, files in os.walk(stages) for name in folders + files]
    return [path for path in (*sorted(within), *tops, *inputs) if os.path.lexists(path)]


def delivered(job: PlannedJob) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in job.output.iterdir() if path.is_file()}


@pytest.mark.parametrize("seed", range(examples(25)))
def test_what_is_delivered_is_what_was_to_be_made(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)  # the same each time
    plain: dict[str, Any] = {"split": listing(1, 2, 3), "one": Act(writes={"file": "o" * chance.choice([10, 2 << 20])})}

    def prepared() -> PlannedJob:
        stages = [link("one"), lister("split", "one"), fan_out("each"), link("two", "one"), link("three", "two", "one")]
        last = link("last", "three", cache=bool(seed % 3))
        return bench.job(*stages, last, deliver=["last.file", "each.file", "one.file"])

    jobs = [prepared() for _ in range(1 + seed % 2)]

    def change() -> None:
        with contextlib.suppress(OSError):  # not each can be done to each
            chance.choice(CHANGES)(chance.choice(places(jobs)))

    stage = chance.choice(STAGES)
    changing = plain.get(stage, Act()).then(first=change, returncode=chance.choice([0, 1]))
    with contextlib.suppress(OSError, ValueError):  # the stage's own files are among them
        bench.run(*jobs, **{**plain, stage: changing})
    for job in jobs:
        first = bench.run_one(load(job.folder), **plain).error  # may name what has to be made again
        assert first is None or isinstance(first, PipelineError)
        assert bench.run_one(load(job.folder), **plain).error is None
    shutil.rmtree(bench.project.results, ignore_errors=True)
    clean = prepared()
    assert bench.run_one(clean, **plain).error is None
    assert [delivered(job) for job in jobs] == [delivered(clean)] * len(jobs)
