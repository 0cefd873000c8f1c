"""What environments are built for on this machine. Looked at once, and kept in ``config/hardware_cache.json``.

One entry for each host, since a project on a shared disk is used from machines that differ. Beside what was found
stands a signature, which costs a few small files and tells when the hardware isn't what it was. A cache that can't be
written, or was edited to something else, only costs the look.
"""

import contextlib
import json
import os
import platform
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.errors import NotReady, UsageError
from pipeline.files import dump_json, write_at_once
from pipeline.host import detection, gpus, machine
from pipeline.host.detection import NAME, Hardware
from pipeline.host.gpus import Gpu
from pipeline.project import Project

VARIABLE = "PIPELINE_ACCELERATOR"
FILE = "hardware_cache.json"
SCHEMA = 1
HOSTS = 64  # kept; containers may have a new name each time
TROUBLED_SECONDS = 300  # a driver that didn't answer is asked again after this time, and not by every command
STALE_SECONDS = 3600  # nobody writes a file for as long
DEVICE = re.compile(r"nvidia\d+|kfd|dxg")  # not nvidia-uvm, which appears when CUDA is first used

Detect = Callable[[Mapping[str, str]], Hardware]


@dataclass(frozen=True)
class HardwareRecord:
    """What was detected, and when."""

    hardware: Hardware
    looked_at: float  # seconds since 1970
    unsaved: Mapping[str, Any] | None = None  # the entry that the cache should get; None where it has it
    problem: str | None = None  # why it couldn't be saved


def accelerator(chosen: str | None, detected: Callable[[], HardwareRecord]) -> str:
    """What to build for: the variable's word, else ``chosen`` (in the settings), else what was detected.

    Raises ``UsageError`` for a word that is none, ``NotReady`` where there is a GPU that can't be asked.
    """
    if named := named_by(os.environ, chosen):
        return named[0]
    found = detected().hardware
    if found.accelerator is None:
        raise NotReady(
            f"it can't be told what to build for: {found.problem}",
            f"mend that, or name it: {VARIABLE}=cpu ..., or 'accelerator: cpu' in config/pipeline.yaml",
        )
    return found.accelerator


def named_by(variables: Mapping[str, str], chosen: str | None) -> tuple[str, str] | None:
    """The accelerator that a person named, and where. Raises ``UsageError``."""
    if word := variables.get(VARIABLE):
        if not NAME.fullmatch(word):
            raise UsageError(
                f"{VARIABLE}={word}: no accelerator is called so", "for example cpu, cu128, rocm6.2 or xpu"
            )
        return word, VARIABLE
    return (chosen, "config/pipeline.yaml") if chosen else None


def known(
    project: Project, detect: Detect = detection.look, anew: bool = False, root: Path = Path("/")
) -> HardwareRecord:
    """As ``look``; what was detected now is saved at once."""
    return save(project, look(project, detect, anew, root))


def look(
    project: Project, detect: Detect = detection.look, anew: bool = False, root: Path = Path("/")
) -> HardwareRecord:
    """This machine's hardware: from the cache where that still fits, else detected now (``anew``: in any case).

    Nothing is written.
    """
    cached = _read(project.config / FILE).get(_host())
    if not anew and (fitting := _fitting(cached, root)):
        return fitting
    found = detect(os.environ)
    # After the look, since nvidia-smi makes the device files where nobody has used a card before.
    now = time.time()
    entry = {"signature": signature(os.environ, root), "looked_at": now, "hardware": asdict(found)}
    return HardwareRecord(found, now, entry)


def save(project: Project, record: HardwareRecord) -> HardwareRecord:
    """Put what was detected into the cache, where it isn't there yet. Raises nothing where that can't be done."""
    if record.unsaved is None:
        return record
    file = project.config / FILE
    problem = _write(file, {**_read(file), _host(): record.unsaved})
    return replace(record, unsaved=None, problem=problem)


def signature(variables: Mapping[str, str], root: Path = Path("/")) -> dict[str, Any]:
    """What changes when the hardware or its driver does."""
    return {
        "boot": detection.read_text(root / "proc/sys/kernel/random/boot_id"),
        "cpus": os.cpu_count(),
        "memory_gib": machine.installed(root) >> 30,  # a virtual machine's may sway
        "devices": [name for name in _names(root / "dev") if DEVICE.fullmatch(name)],
        "cards": [name for name in _names(root / "sys/class/drm") if re.fullmatch(r"card\d+", name)],
        "driver": detection.read_text(root / "proc/driver/nvidia/version").partition("\n")[0],
        "tool": _status(gpus.find_tool(variables)),
    }


def _fitting(entry: Any, root: Path) -> HardwareRecord | None:
    """The entry as what it says, if it was made of the machine as it is now."""
    try:
        found, looked_at = _hardware(entry["hardware"]), float(entry["looked_at"])
        fits = entry["signature"] == signature(os.environ, root)
    except (KeyError, TypeError, ValueError):
        return None
    age = time.time() - looked_at
    young = age < TROUBLED_SECONDS or found.problem is None
    return HardwareRecord(found, looked_at) if fits and age >= 0 and young else None


def _hardware(fields: Mapping[str, Any]) -> Hardware:
    """Raises ``TypeError``, ``KeyError`` or ``ValueError`` where somebody edited it to something else."""
    cards = tuple(Gpu(**card) for card in fields["gpus"])
    found = Hardware(**{**fields, "gpus": cards, "slices": tuple(fields["slices"])})
    numbers = [found.cpus, found.memory, *(card.memory for card in cards if card.memory is not None)]
    texts = [found.cpu, *found.slices, *(text for card in cards for text in (card.uuid, card.name))]
    optional = [found.accelerator, found.driver, found.cuda, found.problem]
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise ValueError(numbers)
    if not all(isinstance(text, str) for text in [*texts, *(text for text in optional if text is not None)]):
        raise ValueError(texts)
    if found.accelerator is not None and not NAME.fullmatch(found.accelerator):
        raise ValueError(found.accelerator)
    return found


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes(), parse_constant=_refuse)
        hosts = content["hosts"] if content["schema"] == SCHEMA else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return hosts if isinstance(hosts, dict) else {}


def _refuse(constant: str) -> None:
    """NaN and its like, which are no JSON and couldn't be written again."""
    raise ValueError(constant)


def _write(file: Path, hosts: Mapping[str, Any]) -> str | None:
    """Returns why it can't be; two hosts that write at once cost one of them another look."""
    latest = sorted(hosts, key=lambda host: _looked_at(hosts[host]))[-HOSTS:]
    try:
        _sweep(file)
        write_at_once(file, dump_json({"schema": SCHEMA, "hosts": {host: hosts[host] for host in sorted(latest)}}))
    except OSError as error:
        return error.strerror
    return None


def _sweep(file: Path) -> None:
    """Remove what killed writers left beside it."""
    for left in file.parent.glob(f".{file.name}.*.tmp"):
        with contextlib.suppress(FileNotFoundError):  # somebody else was quicker
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                left.unlink()


def _looked_at(entry: Any) -> float:
    seconds = entry.get("looked_at") if isinstance(entry, dict) else None
    return seconds if isinstance(seconds, int | float) else 0.0


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _status(tool: Path | None) -> list[str | int] | None:
    """A driver brings its own nvidia-smi, so that an update shows before the machine is started anew."""
    try:
        status = os.stat(tool) if tool else None
    except OSError:
        return None
    return [str(tool), status.st_size, status.st_mtime_ns] if status else None


def _host() -> str:
    return platform.node() or "this machine"
