"""Small copies of films for browsers that can't play the films themselves. One is made only when a person asks for it.

They lie in the project's cache under the film's digest, so that all jobs of a film share one.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.errors import NotReady
from pipeline.files import replaced
from pipeline.jobs.job import PlannedJob
from pipeline.locks import exclusive
from pipeline.project import ProjectFolder
from pipeline.run import single_stage

STAGE = "film_proxy"
FOLDER = "proxies"
SECONDS = 12 * 3600.0
MOST_KEPT = 10  # half a gigabyte for a long film


def path_of(project: ProjectFolder, job: PlannedJob) -> Path:
    """Where the small copy of a job's film is, if there is one."""
    return project.cache / FOLDER / f"{job.plan.input.digest.partition(':')[2]}.mp4"


def make(project: ProjectFolder, job: PlannedJob) -> Path:
    """Make it, unless it is there. Raises ``NotReady``, ``InputError`` and ``StageError`` with what helps."""
    path = path_of(project, job)
    job.require_input()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(path.parent / "lock", on_wait=lambda _: None):
            if not path.exists():
                _made(project, job, path)
                _make_room(path)
    except OSError as error:
        raise NotReady(f"a small copy of the film can't be kept in {path.parent}: {error.strerror}") from error
    return path


def _made(project: ProjectFolder, job: PlannedJob, path: Path) -> None:
    track = next((stage.parameters.get("audio_track", "") for stage in job.stages if stage.uses == "demux"), "")
    call = {"media": [job.input]}, {"audio_track": track}
    with single_stage.run(Catalog(project), STAGE, *call, SECONDS, path.parent) as outputs, replaced(path) as beside:
        try:
            os.link(outputs["proxy"], beside)
        except OSError:
            shutil.copyfile(outputs["proxy"], beside)


def _make_room(newest: Path) -> None:
    files = sorted(newest.parent.glob("*.mp4"), key=lambda each: each.stat().st_mtime_ns)
    for path in files[: max(0, len(files) - MOST_KEPT)]:
        if path != newest:
            with suppress(OSError):
                path.unlink()
