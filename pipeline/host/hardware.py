"""This machine's hardware, detected once and kept in ``config/hardware_cache.json``: what to build environments for.

The cache has an entry for each host, since machines of different hardware can share a project. An entry has a
signature, which takes a few small files to compute and changes with the hardware. Where the cache can't be written, or
was edited to something else, the hardware is detected again.
"""

import contextlib
import os
import platform
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import NotReady, UsageError
from pipeline.files import dump_json, write_at_once
from pipeline.host import detection, gpus, machine
from pipeline.host.detection import NAME, Hardware
from pipeline.permissions import share
from pipeline.project import ProjectFolder
from pipeline.values import Struct, ValidationError, from_plain, parsed, plain, replace

VARIABLE = "PIPELINE_ACCELERATOR"
FILE = "hardware_cache.json"
SCHEMA = 1
HOSTS = 64  # that are kept; containers may have a new name each time
PROBLEM_SECONDS = 300  # a driver that didn't answer is asked again after this time, and not by every command
STALE_SECONDS = 3600  # no process takes as long to write a file
DEVICE = re.compile(r"nvidia\d+|kfd|dxg")  # not nvidia-uvm, which appears when CUDA is first used

Detect = Callable[[Mapping[str, str]], Hardware]


class HardwareReport(Struct, frozen=True):
    hardware: Hardware
    detected_at: float  # seconds since 1970
    unsaved: dict[str, Any] | None = None  # the entry that the cache should get; None where it has it
    problem: str | None = None  # why it couldn't be saved


class _CacheEntry(Struct, frozen=True, forbid_unknown_fields=True):
    signature: dict[str, Any]
    looked_at: float  # seconds since 1970
    hardware: Hardware


def accelerator(setting: str | None, detected: Callable[[], HardwareReport]) -> str:
    """What to build for: the variable's value, else ``setting`` (from config/pipeline.yaml), else what was detected.

    Raises ``UsageError`` where the variable names no accelerator, ``NotReady`` where a GPU doesn't answer.
    """
    if named := named_by(os.environ, setting):
        return named[0]
    hardware = detected().hardware
    if hardware.accelerator is None:
        raise NotReady(
            f"it isn't known which accelerator to build for: {hardware.problem}",
            f"mend that, or name it: {VARIABLE}=cpu ..., or 'accelerator: cpu' in config/pipeline.yaml",
        )
    return hardware.accelerator


def named_by(variables: Mapping[str, str], setting: str | None) -> tuple[str, str] | None:
    """The accelerator that a person named, and where. Raises ``UsageError`` where it isn't one."""
    if word := variables.get(VARIABLE):
        if not NAME.fullmatch(word):
            raise UsageError(
                f"{VARIABLE}={word}: there is no such accelerator", "for example cpu, cu128, rocm6.2 or xpu"
            )
        return word, VARIABLE
    return (setting, "config/pipeline.yaml") if setting else None


def saved_report(
    project: ProjectFolder, detect: Detect = detection.detect, refresh: bool = False, root: Path = Path("/")
) -> HardwareReport:
    """As ``report``; what was detected now is saved at once."""
    return save(project, report(project, detect, refresh, root))


def report(
    project: ProjectFolder, detect: Detect = detection.detect, refresh: bool = False, root: Path = Path("/")
) -> HardwareReport:
    """This machine's hardware, from the cache where its entry still fits. ``refresh`` detects it in any case.

    Nothing is written.
    """
    fields = _read(project.config / FILE).get(_host())
    if not refresh and (cached := _cached(fields, root)):
        return cached
    hardware = detect(os.environ)
    # The signature comes last, since nvidia-smi makes the device files where no program has used a card before.
    now = time.time()
    return HardwareReport(hardware, now, plain(_CacheEntry(signature(os.environ, root), now, hardware)))


def save(project: ProjectFolder, report: HardwareReport) -> HardwareReport:
    """Put what was detected into the cache, unless it is there already. Where that fails, the report says why."""
    if report.unsaved is None:
        return report
    file = project.config / FILE
    problem = _write(file, {**_read(file), _host(): report.unsaved})
    return replace(report, unsaved=None, problem=problem)


def signature(variables: Mapping[str, str], root: Path = Path("/")) -> dict[str, Any]:
    """Values that change when the hardware or its driver does."""
    return {
        "boot": detection.read_text(root / "proc/sys/kernel/random/boot_id"),
        "cpus": os.cpu_count(),
        "memory_gib": machine.installed(root) >> 30,  # that of a virtual machine can vary a little
        "devices": [name for name in _names(root / "dev") if DEVICE.fullmatch(name)],
        "cards": [name for name in _names(root / "sys/class/drm") if re.fullmatch(r"card\d+", name)],
        "driver": detection.read_text(root / "proc/driver/nvidia/version").partition("\n")[0],
        "tool": _status(gpus.find_tool(variables)),
    }


def _cached(fields: Any, root: Path) -> HardwareReport | None:
    """What an entry says, if it was made on the machine as it is now; None too where a person edited it."""
    try:
        entry = from_plain(fields, _CacheEntry)
    except ValidationError:
        return None
    hardware, age = entry.hardware, time.time() - entry.looked_at
    is_recent = age >= 0 and (hardware.problem is None or age < PROBLEM_SECONDS)
    if is_recent and _is_possible(hardware) and entry.signature == signature(os.environ, root):
        return HardwareReport(hardware, entry.looked_at)
    return None


def _is_possible(hardware: Hardware) -> bool:
    numbers = [hardware.cpus, hardware.memory, *(card.memory or 0 for card in hardware.gpus)]
    is_named = hardware.accelerator is None or NAME.fullmatch(hardware.accelerator) is not None
    return is_named and min(numbers) >= 0


def _read(file: Path) -> dict[str, Any]:
    try:
        content = parsed(file.read_bytes())
        hosts = content["hosts"] if content["schema"] == SCHEMA else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return hosts if isinstance(hosts, dict) else {}


def _write(file: Path, hosts: Mapping[str, Any]) -> str | None:
    """Returns why it can't be written. Where two hosts write at once, one of them detects its hardware again later."""
    latest = sorted(hosts, key=lambda host: _time_of(hosts[host]))[-HOSTS:]
    try:
        _sweep(file)
        write_at_once(file, dump_json({"schema": SCHEMA, "hosts": {host: hosts[host] for host in sorted(latest)}}))
        share(file)
    except OSError as error:
        return error.strerror
    return None


def _sweep(file: Path) -> None:
    """Remove what killed processes left beside it."""
    for left in file.parent.glob(f".{file.name}.*.tmp"):
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                left.unlink()


def _time_of(entry: Any) -> float:
    seconds = entry.get("looked_at") if isinstance(entry, dict) else None
    return seconds if isinstance(seconds, int | float) else 0.0


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _status(tool: Path | None) -> list[str | int] | None:
    """A driver brings its own nvidia-smi, so an update changes this before the machine is restarted."""
    try:
        status = os.stat(tool) if tool else None
    except OSError:
        return None
    return [str(tool), status.st_size, status.st_mtime_ns] if status else None


def _host() -> str:
    return platform.node() or "this machine"
