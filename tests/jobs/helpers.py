"""Jobs for tests: made in this process, without a command's start-up."""

from pathlib import Path
from typing import Any, TypeVar

from pipeline.config.catalog import Catalog
from pipeline.digests import sha256_of_bytes
from pipeline.files import dump_json
from pipeline.jobs.attempts import Attempt
from pipeline.jobs.events import Event, JobPrepared
from pipeline.jobs.job import JobFolder, PlannedJob
from pipeline.jobs.plan import Plan, PlannedStage
from pipeline.jobs.records import Key, Result
from pipeline.jobs.store import JobStore
from pipeline.prepare.preparation import JobRequest
from pipeline.prepare.prepare import prepare
from pipeline.project import ProjectFolder
from pipeline.values import from_plain
from tests.conftest import Result as CommandResult
from tests.conftest import Sandbox

E = TypeVar("E", bound=Event)
ID = "job-20260101-somebody-0001"
DIGEST = "sha256:" + "0" * 64
KEY = Key(DIGEST, {"part": 1})


def prepared(sandbox: Sandbox, workflow: str, **parameters: str) -> PlannedJob:
    """A job on ``input.txt``, whose environments must be built."""
    file = sandbox.root / "input.txt"
    if not file.exists():
        file.write_text("some input\n")
    return prepare(Catalog(ProjectFolder(sandbox.root)), JobRequest(file, workflow, parameters))


def run(sandbox: Sandbox, stages: str, head: str = "") -> tuple[str, CommandResult]:
    """Prepare a job for a workflow of these stages and run it."""
    sandbox.workflow("tested", stages, head)
    id = prepared(sandbox, "tested").id
    return id, sandbox.run("run-pipeline", "-j", id)


def a_stage(name: str, **fields: Any) -> PlannedStage:
    """A stage that copies the job's input. ``fields`` may be plain, and are checked as those of a job.json."""
    usual = {"uses": "copy", "environment": "alpha", "needs": (), "parameters": {}, "models": {}}
    files = {"inputs": {"file": ("job.input",)}, "outputs": {"file": "copy.txt"}}
    return from_plain({"name": name, **usual, **files, **fields}, PlannedStage)


def a_plan(**fields: Any) -> Plan:
    """The least that a plan can be: one stage that copies the input. ``fields`` as for ``a_stage``."""
    usual = {
        "schema": 1,
        "job_id": ID,
        "workflow": "copy",
        "created_at": "2026-01-01T00:00:00Z",
        "input": {"path": "/somewhere/movie.mp4", "size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": 1.0},
        "parameters": {},
        "environments": {"alpha": "venv/alpha"},
        "environment_keys": {"alpha": DIGEST},
        "stage_environments": {"copy": "alpha"},
        "tools": {},
        "models": {},
        "stages": (a_stage("copy"),),
        "deliver": ("copy.file",),
        "grace_seconds": 1,
        "cache_limit": 1 << 30,
        "workers": {"idle_seconds": 1, "tasks": 10, "memory": 1 << 30},
    }
    return from_plain({**usual, **fields}, Plan)


def stored(root: Path, **fields: Any) -> PlannedJob:
    """A job with ``a_plan`` under the next free id."""
    return JobStore(root).create(lambda id: a_plan(job_id=id, **fields))


def forge(job: PlannedJob, content: Any) -> None:
    """Change the plan, and the journal with it, as somebody would who knows how both are made."""
    data = content if isinstance(content, bytes) else dump_json(content)
    (job.folder / "job.json").write_bytes(data)
    (job.folder / "journal.jsonl").unlink()
    record(job, JobPrepared(sha256_of_bytes(data)))


def record(job: JobFolder, *events: Event) -> None:
    """Append events to a job's journal."""
    journal = job.journal()
    for event in events:
        journal.append(event)
    journal.close()


def events_of(job: JobFolder, kind: type[E]) -> list[E]:
    """The events of one kind in a job's journal."""
    return [event for event in job.journal().read() if isinstance(event, kind)]


def committed(attempt: Attempt, **files: str) -> Result:
    """Write files as a stage would, and commit them as outputs named after their stems."""
    for stem, content in files.items():
        (attempt.outputs / f"{stem}.txt").write_text(content)
    return attempt.commit(attempt.find({stem: f"{stem}.txt" for stem in files}), KEY, 0.5)
