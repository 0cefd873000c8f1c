"""The graphics card that a library would compute on: the first one that this process may see."""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence

from recognition.compute import GraphicsCard

TOOL = "nvidia-smi"
QUERY = ("--query-gpu=index,uuid,name,memory.free", "--format=csv,noheader,nounits")
SECONDS = 30  # the driver's start takes several on a machine with many cards
UNKNOWN = GraphicsCard("unknown", None)


def ask(variables: Mapping[str, str]) -> str:
    """What nvidia-smi says; empty where there is none, or where it doesn't answer."""
    tool = shutil.which(TOOL, path=variables.get("PATH"))
    if tool is None:
        return ""
    try:
        done = subprocess.run(
            [tool, *QUERY], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout


def first_card(variables: Mapping[str, str], answer: Callable[[Mapping[str, str]], str] = ask) -> GraphicsCard:
    """The first card that ``CUDA_VISIBLE_DEVICES`` names, or the first of all.

    To be called where a library sees a card: one that nvidia-smi doesn't know counts as unknown.
    """
    cards = [fields for line in answer(variables).splitlines() if len(fields := _fields(line)) == 4]
    visible = variables.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    for index, uuid, name, free in cards:
        if not visible or visible == index or (visible.startswith("GPU-") and uuid.startswith(visible)):
            return GraphicsCard(name, int(free) << 20 if free.isascii() and free.isdigit() else None)
    return UNKNOWN


def _fields(line: str) -> Sequence[str]:
    return [field.strip() for field in line.split(",")]
