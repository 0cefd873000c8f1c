"""Jobs for tests: made in this process, without a command's start-up."""

from pathlib import Path
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.jobs.attempts import Attempt
from pipeline.jobs.job import Job
from pipeline.jobs.records import Key, Result
from pipeline.jobs.store import JobStore
from pipeline.prepare.prepare import Request, prepare
from pipeline.project import Project
from tests.conftest import Sandbox

DIGEST = "sha256:" + "0" * 64
KEY = Key(DIGEST, {"part": 1})


def prepared(sandbox: Sandbox, workflow: str, **parameters: str) -> Job:
    """A job on ``input.txt``, whose environments must be built."""
    file = sandbox.root / "input.txt"
    if not file.exists():
        file.write_text("some input\n")
    return prepare(Catalog(Project(sandbox.root)), Request(file, workflow, parameters))


def stage(name: str, **changes: Any) -> dict[str, Any]:
    plain = {"uses": "copy", "environment": "alpha", "needs": [], "parameters": {}, "models": {}}
    return {"name": name, **plain, "inputs": {"file": ["job.input"]}, "outputs": {"file": "copy.txt"}, **changes}


def document(id: str, **changes: Any) -> dict[str, Any]:
    """The least that a plan can be: one stage that copies the input."""
    return {
        "schema": 1,
        "job_id": id,
        "workflow": "copy",
        "created_at": "2026-01-01T00:00:00Z",
        "input": {"path": "/somewhere/movie.mp4", "size": 1, "mtime_ns": 1, "digest": DIGEST, "duration_s": 1.0},
        "parameters": {},
        "environments": {"alpha": "venv/alpha"},
        "environment_keys": {"alpha": DIGEST},
        "stage_environments": {"copy": "alpha"},
        "tools": {},
        "models": {},
        "stages": [stage("copy")],
        "deliver": ["copy.file"],
        "grace_seconds": 1,
        "cache_limit": 1 << 30,
        "workers": {"idle_seconds": 1, "tasks": 10, "memory": 1 << 30},
        **changes,
    }


def stored(root: Path, **changes: Any) -> Job:
    return JobStore(root).create(lambda id: document(id, **changes))


def committed(attempt: Attempt, **files: str) -> Result:
    """Write files as a stage would, and commit them as outputs named after their stems."""
    for stem, content in files.items():
        (attempt.outputs / f"{stem}.txt").write_text(content)
    return attempt.commit(attempt.find({stem: f"{stem}.txt" for stem in files}), KEY, 0.5)
