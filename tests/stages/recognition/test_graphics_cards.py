"""The card that a library computes on."""

import os
from pathlib import Path

import pytest
from recognition.compute import GraphicsCard
from recognition.graphics_cards import UNKNOWN, ask, first_card

TWO = "0, GPU-aaaa-1, NVIDIA H100, 81000\n1, GPU-bbbb-2, NVIDIA T4, 15000\n"


@pytest.mark.parametrize(
    ("visible", "name"),
    [(None, "NVIDIA H100"), ("1", "NVIDIA T4"), ("GPU-bbbb", "NVIDIA T4"), ("1,0", "NVIDIA T4"), ("0", "NVIDIA H100")],
)
def test_it_is_the_first_that_the_process_may_see(visible: str | None, name: str) -> None:
    variables = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert first_card(variables, lambda _: TWO).name == name


def test_its_free_memory_is_in_bytes() -> None:
    assert first_card({}, lambda _: TWO) == GraphicsCard("NVIDIA H100", 81000 << 20)


@pytest.mark.parametrize("said", ["0, GPU-a, NVIDIA GB10, [N/A]", "0, GPU-a, NVIDIA GB10, [Insufficient Permissions]"])
def test_a_card_may_not_say_how_much_is_free(said: str) -> None:
    assert first_card({}, lambda _: said) == GraphicsCard("NVIDIA GB10", None)


@pytest.mark.parametrize("said", ["", "No devices were found", "something else, of four, fields"])
def test_what_nobody_knows_is_unknown(said: str) -> None:
    assert first_card({"CUDA_VISIBLE_DEVICES": "MIG-1"}, lambda _: said) == UNKNOWN


@pytest.mark.parametrize(("script", "said"), [("echo '0, GPU-a, T4, 5'", "0, GPU-a, T4, 5\n"), ("exit 9", "")])
def test_nvidia_smi_is_asked_where_it_is_there(spawning: None, tmp_path: Path, script: str, said: str) -> None:
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.defpath}"}
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    assert ask(path) == said


def test_without_nvidia_smi_nothing_is_said(tmp_path: Path) -> None:
    assert ask({"PATH": str(tmp_path)}) == ""
