"""Stages that ask for a GPU, through the real commands and an nvidia-smi that only pretends."""

import os
from pathlib import Path

import pytest

from tests.conftest import Sandbox

STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# cache = false
# [tool.pipeline.stage.outputs]
# cards = "cards.txt"
# [tool.pipeline.stage.resources]
# gpus = 1
# cpu_will_do = {cpu_will_do}
# ///
import os


def run(stage):
    stage.output("cards").write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "all"))
"""
CARDS = r"GPU-aaaa, Fake 8000, 8192\nGPU-bbbb, Fake 8000, 8192\n"  # for printf


@pytest.fixture
def gpu(ready: Sandbox) -> Sandbox:
    ready.write("stages/gpu.py", STAGE.format(cpu_will_do="false"))
    ready.workflow("gpus", "one: {uses: gpu}\ntwo: {uses: gpu}")
    ready.write("input.txt", "some input\n")
    return ready


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Those of a machine with two cards."""
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\nprintf '{CARDS}'\n")
    tool.chmod(0o755)
    path = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "PIPELINE_GPU_LEASES": str(tmp_path / "leases")}


def cards(sandbox: Sandbox, variables: dict[str, str]) -> list[str]:
    """What the two stages of a job saw."""
    made = sandbox.give("prepare-job", sandbox.root / "input.txt", "--workflow", "gpus", variables=variables)
    assert made.code == 0, made.err
    done = sandbox.run("run-pipeline", "-j", made.out.strip(), variables=variables)
    assert done.code == 0, done.err
    stages = sandbox.job(made.out.strip()) / "stages"
    return [(stages / name / "1/outputs/cards.txt").read_text() for name in ("one", "two")]


def test_a_machine_without_a_gpu_is_told_when_the_job_is_prepared(gpu: Sandbox) -> None:
    done = gpu.give("prepare-job", gpu.root / "input.txt", "--workflow", "gpus")
    assert done.code == 3
    assert "'gpu'" in done.error
    assert done.next_step
    assert not (gpu.root / "jobs").exists()


def test_where_the_cpu_will_do_the_stage_runs_on_it(gpu: Sandbox) -> None:
    gpu.write("stages/gpu.py", STAGE.format(cpu_will_do="true"))
    assert cards(gpu, {}) == ["all", "all"]


def test_stages_side_by_side_get_a_card_each_by_its_identity(gpu: Sandbox, variables: dict[str, str]) -> None:
    assert sorted(cards(gpu, variables)) == ["GPU-aaaa", "GPU-bbbb"]


def test_the_cards_that_the_user_chose_are_the_only_ones(gpu: Sandbox, variables: dict[str, str]) -> None:
    assert cards(gpu, {**variables, "CUDA_VISIBLE_DEVICES": "1"}) == ["GPU-bbbb", "GPU-bbbb"]
