"""GPUs of sessions, with an nvidia-smi that only pretends."""

import os
import time
from pathlib import Path

import pytest

import pipeline
from pipeline.calls.environment import CallEnvironment
from pipeline.calls.errors import CallTimedOut
from pipeline.errors import NotReady, UsageError
from tests.conftest import Sandbox

CARDS = r"GPU-aaaa, Fake 8000, 8192\nGPU-bbbb, Fake 8000, 8192\n"  # for printf
FUNCTIONS = """
import os

def cards():
    return os.environ.get("CUDA_VISIBLE_DEVICES", "all")

def dies():
    os._exit(3)
"""


@pytest.fixture
def leases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of leases of a machine with two cards."""
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\nprintf '{CARDS}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PIPELINE_GPU_LEASES", str(tmp_path / "leases"))
    return tmp_path / "leases"


@pytest.fixture
def environment(leases: Path, ready: Sandbox, ended_workers: None) -> CallEnvironment:
    return pipeline.environment("alpha", ready.root)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "functions.py"
    path.write_text(FUNCTIONS)
    return path


def test_two_sessions_have_a_card_each_until_they_are_closed(
    environment: CallEnvironment, file: Path, leases: Path
) -> None:
    with environment.open(file, gpus=1) as first, environment.open(file, gpus=1) as second:
        assert sorted([first.call("cards"), second.call("cards")]) == ["GPU-aaaa", "GPU-bbbb"]
        before = time.monotonic()
        with pytest.raises(CallTimedOut):
            environment.open(file, gpus=1).start(0.5)
        assert time.monotonic() - before < 5
    assert list(leases.glob("*.lease")) == []
    with environment.open(file, gpus=2) as session:
        assert session.call("cards") == "GPU-aaaa,GPU-bbbb"


def test_a_part_of_a_card_is_shared(environment: CallEnvironment, file: Path) -> None:
    wanted = {"gpus": 1, "gpu_memory": "3 GiB"}
    with environment.open(file, **wanted) as first, environment.open(file, **wanted) as second:  # type: ignore[arg-type]
        assert first.call("cards") == second.call("cards")


def test_a_lost_worker_has_no_card_and_the_next_one_gets_it(
    environment: CallEnvironment, file: Path, leases: Path
) -> None:
    with environment.open(file, gpus=2) as session:
        with pytest.raises(pipeline.PipelineError):
            session.call("dies")
        assert list(leases.glob("*.lease")) == []
        session.restart()
        assert session.call("cards") == "GPU-aaaa,GPU-bbbb"


def test_more_cards_than_there_are_is_told_at_once(environment: CallEnvironment, file: Path) -> None:
    with pytest.raises(NotReady):
        environment.open(file, gpus=3).start()
    with pytest.raises(UsageError):
        environment.open(file, gpus=-1)
    with pytest.raises(UsageError):
        environment.open(file, gpus=1, gpu_memory="much")
