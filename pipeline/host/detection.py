"""A look at this machine's hardware, as far as it decides what is installed on it.

What is found is of the machine, not of the process that asks: limits of a container or a batch system, and hidden
cards, are for ``machine.detect``, which every run asks.
"""

import os
import platform
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline import process
from pipeline.host import gpus, machine, nvidia
from pipeline.host.gpus import Gpu
from pipeline.host.nvidia import Nvidia

NAME = re.compile(r"cpu|cu[0-9]{2,3}|rocm[0-9.]*|xpu|mps")
AMD, INTEL = "0x1002", "0x8086"
NO_TOOL = f"there is an NVIDIA card, and {gpus.TOOL} isn't on PATH to ask it"


@dataclass(frozen=True)
class Hardware:
    cpu: str
    cpus: int
    memory: int  # bytes
    accelerator: (
        str | None
    )  # cpu, cu128 (the newest CUDA that the driver can run), rocm6.2, xpu, mps; None: can't be told
    gpus: tuple[Gpu, ...] = ()
    slices: tuple[str, ...] = ()  # of cards that are divided (MIG)
    driver: str | None = None
    cuda: str | None = None  # the newest that the driver can run
    problem: str | None = None  # what kept us from seeing more


def look(
    variables: Mapping[str, str], run: Callable[..., process.Completed] = process.run, root: Path = Path("/")
) -> Hardware:
    """Takes up to seconds where there is an NVIDIA driver; never fails, but may have a ``problem``."""
    seen = _nvidia(variables, run, root)
    others = () if seen.gpus else tuple(_amd(root)) or tuple(_intel(root))
    return Hardware(
        cpu=_cpu(root),
        cpus=os.cpu_count() or 1,
        memory=machine.installed(root),
        accelerator=_accelerator(seen, root),
        gpus=seen.gpus or others,
        slices=seen.slices,
        driver=seen.driver or _nvidia_module(root),
        cuda=f"{seen.cuda[0]}.{seen.cuda[1]}" if seen.cuda else None,
        problem=seen.problem,
    )


def _nvidia(variables: Mapping[str, str], run: Callable[..., process.Completed], root: Path) -> Nvidia:
    """The driver's files in /proc are no sign of a card: a container sees them, too, that was given none."""
    has_device, says = (root / "dev/nvidiactl").exists(), (root / "proc").is_dir()
    if has_device and gpus.find_tool(variables) is None:
        return Nvidia(problem=NO_TOOL)
    seen = nvidia.look(variables, run)
    if seen.gpus or has_device or (root / "dev/dxg").exists() or not says:
        return seen
    return Nvidia()  # a machine image may have nvidia-smi and no card: it complains, and nothing is wrong


def _accelerator(seen: Nvidia, root: Path) -> str | None:
    if seen.cuda:
        return f"cu{seen.cuda[0]}{seen.cuda[1]}"
    if seen.gpus or seen.problem:
        return None
    if any(_amd(root)) and (root / "dev/kfd").exists():
        return f"rocm{_rocm_version(root)}"
    if any(_intel(root)):
        return "xpu"
    return "mps" if (sys.platform, platform.machine()) == ("darwin", "arm64") else "cpu"


def _nvidia_module(root: Path) -> str | None:
    words = re.search(r"Kernel Module.*?\s(\d[\d.]+)", read_text(root / "proc/driver/nvidia/version"))
    return words[1] if words else None


def _amd(root: Path) -> Iterator[Gpu]:
    """Cards that compute: those that the kernel tells the memory of."""
    for device in _devices(root, AMD):
        memory = read_text(device / "mem_info_vram_total")
        if memory.isdecimal():
            yield Gpu(_address(device), read_text(device / "product_name") or "AMD GPU", int(memory))


def _intel(root: Path) -> Iterator[Gpu]:
    """Cards of their own: the graphics inside a processor sits on PCI bus 0, and is no reason to install for it."""
    for device in _devices(root, INTEL):
        if not re.fullmatch(r"[0-9a-f]{4}:00:.*", _address(device)):
            yield Gpu(_address(device), "Intel GPU", None)


def _devices(root: Path, vendor: str) -> Iterator[Path]:
    for card in sorted((root / "sys/class/drm").glob("card*")):
        if re.fullmatch(r"card\d+", card.name) and read_text(card / "device/vendor") == vendor:
            yield card / "device"


def _address(device: Path) -> str:
    return os.path.basename(os.path.realpath(device))


def _rocm_version(root: Path) -> str:
    found = re.match(r"\d+\.\d+", read_text(root / "opt/rocm/.info/version"))
    return found[0] if found else ""


def _cpu(root: Path) -> str:
    model = re.search(r"^model name\s*:\s*(.+)$", read_text(root / "proc/cpuinfo"), re.MULTILINE)
    return " ".join(model[1].split()) if model else platform.machine() or "unknown"


def read_text(file: Path) -> str:
    """Nothing where there is no such file; the kernel's files may also fail while they are read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
