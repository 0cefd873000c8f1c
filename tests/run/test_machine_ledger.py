"""What this machine has for the jobs of a run."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.host import gpu_leases, machine
from pipeline.host.machine import Machine
from pipeline.host.run_limits import RunLimits
from pipeline.run import machine_ledger
from tests.jobs.helpers import a_stage, stored


def test_gpus_are_asked_for_once_a_job_wants_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def detect(_: Any, with_gpus: bool = False) -> Machine:
        asked.append(with_gpus)
        return Machine(4, 1 << 30)

    monkeypatch.setattr(machine, "detect", detect)
    monkeypatch.setattr(gpu_leases, "shared_folder", lambda _: tmp_path)
    plain, with_gpu = stored(tmp_path), stored(tmp_path, stages=[a_stage("copy", resources={"gpus": 1})])
    ledger = machine_ledger.of([plain], RunLimits())
    for job, seen in ((plain, [False]), (with_gpu, [False, True]), (with_gpu, [False, True])):
        machine_ledger.extend(ledger, job)
        assert asked == seen
    assert machine_ledger.of([plain, with_gpu], RunLimits()).has_cards
