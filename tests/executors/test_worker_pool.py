"""Which workers an invocation may use."""

import os
from pathlib import Path

import pytest

from pipeline.executors import WorkerLimits
from pipeline.executors.worker_pool import WorkerPool
from tests.executors.helpers import invocation


def test_a_run_that_gives_way_has_workers_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = invocation(tmp_path, "pass", "worker")
    usual = [WorkerPool(tmp_path, WorkerLimits()).kind_of(order).name for _ in range(2)]
    monkeypatch.setattr(os, "getpriority", lambda *_: 5)
    assert usual[0] == usual[1]
    assert WorkerPool(tmp_path, WorkerLimits()).kind_of(order).name != usual[0]
