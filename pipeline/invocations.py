"""A planned stage as an invocation: everything that it may ask for, written down before it starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_bytes
from pipeline.executors import Invocation
from pipeline.files import dump_json
from pipeline.jobs.attempts import Attempt, Result
from pipeline.jobs.job import Job
from pipeline.project import Project
from pipeline.references import JOB_INPUT, split
from pipeline.runtime import Runtime


@dataclass(frozen=True)
class Invocations:
    """The invocations of one job, with what its run has resolved."""

    project: Project
    job: Job
    runtime: Runtime

    def write(self, stage: Mapping[str, Any], attempt: Attempt, results: Mapping[str, Result]) -> Invocation:
        """Write the attempt's ``invocation.json``. All of the stage's ``needs`` must be in ``results``."""
        stage_file = self.project.stage_file(stage["uses"])
        content = {
            "schema": 1,
            "job": self.job.id,
            "stage": stage["name"],
            "stage_file": str(stage_file),
            "inputs": {slot: [str(self._path(ref, results)) for ref in refs] for slot, refs in stage["inputs"].items()},
            "parameters": stage["parameters"],
            "models": {slot: str(self.runtime.models[name]) for slot, name in stage["models"].items()},
            "outputs": stage["outputs"],
            "output_folder": str(attempt.outputs),
            "work": str(attempt.work),
            "cpus": _usable_cpus(),
        }
        attempt.invocation.write_bytes(dump_json(content))
        interpreter = self.runtime.interpreters[stage["environment"]]
        return Invocation(
            id=f"{self.job.id}/{attempt.stage}/{attempt.number}",
            interpreter=interpreter,
            stage_file=stage_file,
            source_digest=sha256_of_bytes(stage_file.read_bytes()),
            file=attempt.invocation,
            log=self.job.log(attempt.stage),
        )

    def _path(self, reference: str, results: Mapping[str, Result]) -> Path:
        if reference == JOB_INPUT:
            return self.job.input
        name, output = split(reference)
        return results[name].outputs[output].path


def _usable_cpus() -> int:
    """Those that this process may use, which a container or a batch system can limit."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
