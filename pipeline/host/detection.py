"""Detection of this machine's hardware, as far as it decides what to install.

It describes the machine and not this process: the limits of a container or a batch system, and hidden cards, don't
count here. For those, each run asks ``machine.detect``.
"""

import os
import platform
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pipeline import process
from pipeline.host import gpus, machine, nvidia
from pipeline.host.gpus import Gpu
from pipeline.host.nvidia import NvidiaDriver
from pipeline.values import Struct

NAME = re.compile(r"cpu|cu[0-9]{2,3}|rocm[0-9.]*|xpu|mps")
AMD, INTEL = "0x1002", "0x8086"
NO_TOOL = f"there is an NVIDIA card, and {gpus.TOOL} isn't on PATH to ask it"


class Hardware(Struct, frozen=True, forbid_unknown_fields=True):
    """``accelerator`` is cpu, cu128 (the newest CUDA that the driver can run), rocm6.2, xpu or mps; None where a driver
    doesn't answer, so that it isn't known."""

    cpu: str  # its name
    cpus: int
    memory: int  # bytes
    accelerator: str | None
    gpus: tuple[Gpu, ...] = ()
    slices: tuple[str, ...] = ()  # of cards that are divided (MIG), such as 3g.20gb
    driver: str | None = None  # its version
    cuda: str | None = None  # the newest version that the driver can run
    problem: str | None = None  # why not everything could be detected


def detect(
    variables: Mapping[str, str], run: Callable[..., process.CompletedProcess] = process.run, root: Path = Path("/")
) -> Hardware:
    """Raises nothing; where something doesn't answer, the hardware has a ``problem``. Takes seconds where there is an
    NVIDIA driver."""
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


def _nvidia(variables: Mapping[str, str], run: Callable[..., process.CompletedProcess], root: Path) -> NvidiaDriver:
    """The driver's files in /proc don't mean that there is a card: a container without one sees them, too."""
    has_device, is_linux = (root / "dev/nvidiactl").exists(), (root / "proc").is_dir()
    if has_device and gpus.find_tool(variables) is None:
        return NvidiaDriver(problem=NO_TOOL)
    seen = nvidia.detect(variables, run)
    if seen.gpus or has_device or (root / "dev/dxg").exists() or not is_linux:
        return seen
    return NvidiaDriver()  # a machine image can have nvidia-smi and no card: then its complaint is no problem


def _accelerator(seen: NvidiaDriver, root: Path) -> str | None:
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
    """Cards that can compute: those whose memory the kernel shows."""
    for device in _devices(root, AMD):
        memory = read_text(device / "mem_info_vram_total")
        if memory.isdecimal():
            yield Gpu(_address(device), read_text(device / "product_name") or "AMD GPU", int(memory))


def _intel(root: Path) -> Iterator[Gpu]:
    """Discrete cards. The graphics inside a processor sits on PCI bus 0, and nothing is installed for it."""
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
    """Empty where there is no such file, or where it can't be read: the kernel's files can fail then."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
