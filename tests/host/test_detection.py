"""The look at a machine: made-up system files, and an nvidia-smi that only pretends."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline import process
from pipeline.host import detection, gpus
from pipeline.host.gpus import Gpu
from pipeline.process import CompletedProcess

BANNER = "| NVIDIA-SMI 550.54.15     Driver Version: 550.54.15      CUDA Version: 12.8     |\n"
LISTED = "GPU 0: Test Card (UUID: GPU-1)\n  MIG 3g.20gb     Device  0: (UUID: MIG-1)\n"
MODULE = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Wed Feb 21 19:21:14 UTC 2024\nGCC version: 12\n"
MISMATCH = b"Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.54\n"


class Tool:
    """An nvidia-smi: what it answers to each question, or how it fails."""

    def __init__(self, cards: bytes = b"GPU-1, Test Card, 1024\n", banner: str = BANNER, code: int = 0) -> None:
        self.answers = {gpus.QUERY: cards, (): banner.encode(), ("-L",): LISTED.encode()}
        self.code = code
        self.variables: list[dict[str, str]] = []

    def __call__(self, argv: Sequence[str | Path], variables: dict[str, str], *_: object) -> CompletedProcess:
        self.variables.append(dict(variables))
        return CompletedProcess(self.code, self.answers[tuple(map(str, argv[1:]))], b"")


def machine(folder: Path, *devices: str, tool: bool = True, **files: str) -> tuple[dict[str, str], Path]:
    """Variables that lead to the tool, and a system's root; ``proc_cpuinfo`` is the file proc/cpuinfo."""
    for name, text in {"proc_meminfo": "MemTotal: 1048576 kB\n", **files}.items():
        file = folder / name.replace("_", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for device in devices:
        (folder / "dev").mkdir(exist_ok=True)
        (folder / "dev" / device).touch()
    if tool:
        (folder / "bin").mkdir()
        (folder / "bin/nvidia-smi").touch(mode=0o755)
    return {"PATH": str(folder / "bin")}, folder


def card(root: Path, number: int, address: str, vendor: str, **files: str) -> None:
    device = root / "sys/devices" / address
    device.mkdir(parents=True)
    for name, text in {"vendor": vendor, **files}.items():
        (device / name).write_text(f"{text}\n")
    (root / f"sys/class/drm/card{number}").mkdir(parents=True)
    (root / f"sys/class/drm/card{number}-DP-1").mkdir()
    (root / f"sys/class/drm/card{number}/device").symlink_to(device)


def detected(variables: dict[str, str], root: Path, tool: Tool | None = None) -> detection.Hardware:
    return detection.detect(variables, tool or Tool(), root)


@pytest.fixture(autouse=True)
def on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")


def test_a_card_decides_by_the_newest_cuda_that_its_driver_can_run(tmp_path: Path) -> None:
    found = detected(*machine(tmp_path, "nvidiactl"))
    assert (found.accelerator, found.driver, found.cuda) == ("cu128", "550.54.15", "12.8")
    assert found.gpus == (Gpu("GPU-1", "Test Card", 1 << 30),)
    assert found.slices == ("3g.20gb",)
    assert found.problem is None


def test_cards_that_are_hidden_from_this_process_count_all_the_same(tmp_path: Path) -> None:
    variables, root = machine(tmp_path, "nvidiactl")
    tool = Tool()
    assert detected({**variables, gpus.VISIBLE: ""}, root, tool).accelerator == "cu128"
    assert not any(gpus.VISIBLE in seen for seen in tool.variables)


def test_a_machine_without_a_card_computes_on_its_cpu(tmp_path: Path) -> None:
    found = detected(
        *machine(tmp_path, tool=False, proc_cpuinfo="model name\t: Test CPU   @ 3 GHz\nmodel name\t: other\n")
    )
    assert (found.accelerator, found.gpus, found.problem) == ("cpu", (), None)
    assert (found.cpu, found.memory) == ("Test CPU @ 3 GHz", 1 << 30)


def test_a_tool_that_sees_no_device_means_the_cpu(tmp_path: Path) -> None:
    found = detected(*machine(tmp_path, "nvidiactl"), Tool(b"No devices were found\n", code=6))
    assert (found.accelerator, found.problem) == ("cpu", None)


def test_a_driver_that_does_not_fit_its_library_can_not_be_told(tmp_path: Path) -> None:
    found = detected(*machine(tmp_path, "nvidiactl", proc_driver_nvidia_version=MODULE), Tool(MISMATCH, code=18))
    assert found.accelerator is None
    assert "Failed to initialize NVML: Driver/library version mismatch" in str(found.problem)
    assert found.driver == "535.161.08"


def test_a_tool_that_hangs_is_a_problem_and_no_verdict(tmp_path: Path) -> None:
    def hang(*_: object) -> CompletedProcess:
        raise process.TimedOut("nvidia-smi took longer than 30 s")

    variables, root = machine(tmp_path, "nvidiactl")
    found = detection.detect(variables, hang, root)
    assert found.accelerator is None
    assert "took longer than 30 s" in str(found.problem)


def test_an_image_with_the_tool_on_a_machine_without_a_card_is_fine(tmp_path: Path) -> None:
    """Also in a container without cards on a machine with some, which shows the driver's files all the same."""
    found = detected(*machine(tmp_path, proc_driver_nvidia_version=MODULE), Tool(b"NVIDIA-SMI has failed\n", code=9))
    assert (found.accelerator, found.problem) == ("cpu", None)


def test_a_card_that_nothing_can_ask_is_told(tmp_path: Path) -> None:
    found = detected(*machine(tmp_path, "nvidiactl", tool=False))
    assert found.accelerator is None
    assert "nvidia-smi" in str(found.problem)


def test_a_driver_without_cuda_is_told_with_what_a_container_lacks(tmp_path: Path) -> None:
    found = detected(*machine(tmp_path, "nvidiactl"), Tool(banner=BANNER.replace("12.8", "N/A")))
    assert found.accelerator is None
    assert "NVIDIA_DRIVER_CAPABILITIES" in str(found.problem)
    assert len(found.gpus) == 1


def test_a_card_of_which_only_a_slice_is_ours_may_not_tell_its_memory(tmp_path: Path) -> None:
    found = detected(*machine(tmp_path, "nvidiactl"), Tool(b"GPU-1, Test Card, [Insufficient Permissions]\n"))
    assert found.gpus == (Gpu("GPU-1", "Test Card", None),)
    assert found.accelerator == "cu128"


@pytest.mark.parametrize(("version", "accelerator"), [("6.2.4-66\n", "rocm6.2"), ("", "rocm")])
def test_an_amd_card_that_computes_is_told(tmp_path: Path, version: str, accelerator: str) -> None:
    variables, root = machine(tmp_path, "kfd", tool=False)
    card(root, 1, "0000:03:00.0", detection.AMD, mem_info_vram_total=str(16 << 30), product_name="Test Radeon")
    if version:
        (root / "opt/rocm/.info").mkdir(parents=True)
        (root / "opt/rocm/.info/version").write_text(version)
    found = detected(variables, root)
    assert found.accelerator == accelerator
    assert found.gpus == (Gpu("0000:03:00.0", "Test Radeon", 16 << 30),)


def test_an_amd_card_without_its_compute_driver_is_only_seen(tmp_path: Path) -> None:
    variables, root = machine(tmp_path, tool=False)
    card(root, 0, "0000:03:00.0", detection.AMD, mem_info_vram_total=str(1 << 30))
    found = detected(variables, root)
    assert (found.accelerator, [each.name for each in found.gpus]) == ("cpu", ["AMD GPU"])


@pytest.mark.parametrize(("address", "accelerator"), [("0000:03:00.0", "xpu"), ("0000:00:02.0", "cpu")])
def test_an_intel_card_counts_where_it_is_one_of_its_own(tmp_path: Path, address: str, accelerator: str) -> None:
    variables, root = machine(tmp_path, tool=False)
    card(root, 0, address, detection.INTEL)
    assert detected(variables, root).accelerator == accelerator


def test_a_mac_with_its_own_chip_has_metal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert detection.detect({"PATH": str(tmp_path)}, Tool(), tmp_path).accelerator == "mps"
