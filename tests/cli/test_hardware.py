"""``pipeline hardware``: through the real command, and an nvidia-smi that only pretends."""

import json
import re
from pathlib import Path

import pytest

from pipeline.errors import ExitCode
from tests.conftest import Sandbox

BANNER = "| NVIDIA-SMI 550.54.15     Driver Version: 550.54.15      CUDA Version: 12.8     |"
TOOL = f"""#!/bin/sh
case "$1" in
  --query*) echo "GPU-1, Test Card, 8192" ;;
  -L) echo "GPU 0: Test Card (UUID: GPU-1)" ;;
  *) echo "{BANNER}" ;;
esac
"""


@pytest.fixture
def path(sandbox: Sandbox, spawning: None, tmp_path: Path) -> dict[str, str]:
    """A PATH that has only what pretends to be nvidia-smi."""
    tool = tmp_path / "bin/nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(TOOL)
    tool.chmod(0o755)
    return {"PATH": f"{tool.parent}:/usr/bin:/bin"}


def test_a_machine_is_shown_to_people(sandbox: Sandbox, path: dict[str, str]) -> None:
    done = sandbox.give("pipeline", "hardware", variables=path)
    assert done.code == 0, done.err
    for word in ("Test Card", "8 GiB", "550.54.15", "12.8", "cu128"):
        assert word in done.out


def test_a_machine_is_told_to_programs_and_kept(sandbox: Sandbox, path: dict[str, str]) -> None:
    data = sandbox.give("pipeline", "hardware", "--json", variables=path).data
    assert (data["accelerator"], data["accelerator_from"], data["cuda"]) == ("cu128", "hardware", "12.8")
    (entry,) = json.loads((sandbox.root / "config/hardware_cache.json").read_bytes())["hosts"].values()
    assert entry["hardware"]["accelerator"] == "cu128"


def test_a_refresh_looks_again(sandbox: Sandbox, path: dict[str, str]) -> None:
    first = sandbox.give("pipeline", "hardware", "--json", variables=path).data
    cache = sandbox.root / "config/hardware_cache.json"
    cache.write_text(cache.read_text().replace("Test Card", "Edited Card"))
    kept = sandbox.give("pipeline", "hardware", "--json", variables=path).data
    assert kept["gpus"][0]["name"] == "Edited Card"
    again = sandbox.give("pipeline", "hardware", "--refresh", "--json", variables=path).data
    assert again["gpus"] == first["gpus"]


def test_a_person_s_word_is_told_with_its_place(sandbox: Sandbox, path: dict[str, str]) -> None:
    sandbox.write("config/pipeline.yaml", "accelerator: cu118\n")
    assert re.search(r"cu118 .*config/pipeline\.yaml", sandbox.give("pipeline", "hardware", variables=path).out)
    named = {**path, "PIPELINE_ACCELERATOR": "cpu"}
    assert re.search(r"cpu .*PIPELINE_ACCELERATOR", sandbox.give("pipeline", "hardware", variables=named).out)


def test_a_wrong_word_is_refused(sandbox: Sandbox, path: dict[str, str]) -> None:
    done = sandbox.give("pipeline", "hardware", variables={**path, "PIPELINE_ACCELERATOR": "gpu"})
    assert done.code == ExitCode.USAGE
    assert "PIPELINE_ACCELERATOR=gpu" in done.error
