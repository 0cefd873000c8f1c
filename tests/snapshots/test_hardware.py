"""The words of ``pipeline hardware``."""

import pytest

from pipeline.host.detection import Hardware
from pipeline.host.gpus import Gpu
from pipeline.host.hardware import HardwareReport
from pipeline.host.machine import Machine
from tests.snapshots.words import Compare, Play

GIB = 1 << 30


MACHINES = {
    "a machine without a card": Hardware("Test CPU", 4, 16 * GIB, "cpu"),
    "a divided NVIDIA card": Hardware(
        "Test CPU",
        8,
        64 * GIB,
        "cu128",
        (Gpu("GPU-1", "Test Card", 80 * GIB),),
        ("3g.40gb", "3g.40gb"),
        "550.54",
        "12.8",
    ),
    "a driver that doesn't answer": Hardware(
        "Test CPU", 4, 16 * GIB, None, driver="550.54", problem="nvidia-smi took longer than 30 s"
    ),
}


def test_the_words_of_pipeline_hardware(play: Play, same_words: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.host.machine.detect", lambda _: Machine(4, 16 * GIB))
    for title, hardware in MACHINES.items():
        report = HardwareReport(hardware, 1e9, problem=None if hardware.accelerator else "Read-only file system")
        monkeypatch.setattr("pipeline.host.hardware.saved_report", lambda *_, report=report, **__: report)
        with play.scene(title) as here:
            here.say("pipeline", "hardware")
    with play.scene("an accelerator that a person named") as here:
        here.say("pipeline", "hardware", variables={"PIPELINE_ACCELERATOR": "cpu"})
        here.say("pipeline", "hardware", variables={"PIPELINE_ACCELERATOR": "gpu"})
        here.write("config/pipeline.yaml", "accelerator: cu118\n")
        here.say("pipeline", "hardware")
    same_words("pipeline-hardware", play.words)
