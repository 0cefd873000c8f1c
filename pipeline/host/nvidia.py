"""NVIDIA's driver: its version, the newest CUDA that it can run, its cards and their slices.

``nvidia-smi``'s queries don't have the CUDA version; what it prints without arguments does
(https://docs.nvidia.com/deploy/nvidia-smi/). The driver's library, which ``nvidia-ml-py`` loads, has all of it as
values. But a driver that hangs must not hang this process: ``nvidia-smi`` is a process of its own, with a time limit.
"""

import re
from collections.abc import Callable, Mapping

from pipeline import process
from pipeline.errors import NotReady
from pipeline.host import gpus
from pipeline.host.gpus import VISIBLE, Gpu
from pipeline.values import Struct

# Since version 610 there are two versions of the driver: the kernel's part (KMD), and that of programs (UMD).
DRIVER = re.compile(r"(?:Driver|KMD) Version:\s*(\d[\d.]*)")
CUDA = re.compile(r"CUDA(?: UMD)? Version:\s*(\d+)\.(\d+)")
SLICE = re.compile(r"^\s+MIG\s+(\S+)\s.*\(UUID:\s*(MIG-[^)]+)\)", re.MULTILINE)
NO_CUDA = "the driver doesn't say which CUDA it can run; a container needs NVIDIA_DRIVER_CAPABILITIES=compute,utility"


class NvidiaDriver(Struct, frozen=True):
    gpus: tuple[Gpu, ...] = ()
    slices: tuple[str, ...] = ()  # of cards that are divided (MIG), such as 3g.20gb
    driver: str | None = None  # its version
    cuda: tuple[int, int] | None = None  # the newest version that it can run
    problem: str | None = None  # why it doesn't answer


def detect(variables: Mapping[str, str], run: Callable[..., process.CompletedProcess]) -> NvidiaDriver:
    """With all cards, also those that these variables hide from a process: another process may use them."""
    bare = {name: value for name, value in variables.items() if name != VISIBLE}
    cards: tuple[Gpu, ...] = ()
    try:
        cards = gpus.detect(bare, run)
        tool = gpus.find_tool(bare)
        if tool is None or not cards:
            return NvidiaDriver()
        driver, cuda = banner(gpus.ask(tool, (), bare, run))
        return NvidiaDriver(cards, slices(gpus.ask(tool, ("-L",), bare, run)), driver, cuda, None if cuda else NO_CUDA)
    except NotReady as error:
        return NvidiaDriver(cards, problem=error.message)


def banner(text: str) -> tuple[str | None, tuple[int, int] | None]:
    """Driver and CUDA from what ``nvidia-smi`` prints without arguments."""
    driver, cuda = DRIVER.search(text), CUDA.search(text)
    return driver[1] if driver else None, (int(cuda[1]), int(cuda[2])) if cuda else None


def slices(text: str) -> tuple[str, ...]:
    """The profiles of the slices that ``nvidia-smi -L`` lists below their cards."""
    return tuple(match[1] for match in SLICE.finditer(text))
