"""The NVIDIA GPUs that this process may use, by UUID: an index means another card when one is hidden."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline import process
from pipeline.errors import NotReady
from pipeline.values import Struct

VISIBLE = "CUDA_VISIBLE_DEVICES"
HIDDEN = {VISIBLE: ""}  # for a stage that must not see a card
TOOL = "nvidia-smi"
QUERY = ("--query-gpu=uuid,name,memory.total", "--format=csv,noheader,nounits")
SECONDS = 30  # the driver's start takes several on a machine with many cards
NO_CARD = "No devices were found"
# The driver doesn't say how much memory a card has: the last where this process may use only a slice of it.
WITHOUT_MEMORY = ("[N/A]", "[Not Supported]", "[Insufficient Permissions]")


class Gpu(Struct, frozen=True, forbid_unknown_fields=True):
    uuid: str
    name: str
    memory: int | None  # bytes; None where the driver doesn't say (shared with the machine, or a slice of a card)


def detect(variables: Mapping[str, str], run: Callable[..., process.CompletedProcess] = process.run) -> tuple[Gpu, ...]:
    """The cards that CUDA would show to a process with these variables; none where there is no nvidia-smi.

    Raises ``NotReady`` where nvidia-smi is there and doesn't work.
    """
    visible = variables.get(VISIBLE)
    if visible is not None and _hides_all(visible):
        return ()
    tool = find_tool(variables)
    if tool is None:
        return ()
    cards = tuple(_card(tool, line) for line in ask(tool, QUERY, variables, run).splitlines() if line != NO_CARD)
    return cards if visible is None else visible_cards(visible, cards)


def visible_cards(visible: str, cards: Sequence[Gpu]) -> tuple[Gpu, ...]:
    """The cards that a value of CUDA_VISIBLE_DEVICES names, as CUDA reads it: a wrong entry ends the list, and one that
    stands twice empties it. An index counts in the order of nvidia-smi, which is CUDA's with
    CUDA_DEVICE_ORDER=PCI_BUS_ID.

    https://docs.nvidia.com/cuda/cuda-c-programming-guide/#cuda-environment-variables
    """
    found: list[Gpu] = []
    for entry in visible.split(","):
        card = _named(entry.strip(), cards)
        if card is None:
            break
        if card in found:
            return ()
        found.append(card)
    return tuple(found)


def _named(entry: str, cards: Sequence[Gpu]) -> Gpu | None:
    if entry.startswith("MIG-"):
        return Gpu(entry, "MIG slice", None)  # nvidia-smi's query lists whole cards only
    if entry.startswith("GPU-"):
        near = [card for card in cards if card.uuid.startswith(entry)]
        return near[0] if len(near) == 1 else None
    digits = re.match(r"\+?(\d+)", entry, re.ASCII)
    return cards[int(digits[1])] if digits and int(digits[1]) < len(cards) else None


def _hides_all(visible: str) -> bool:
    """Whether the first entry can't name a card, so that nvidia-smi needn't be asked."""
    return re.match(r"\s*(\+?\d|GPU-|MIG-)", visible, re.ASCII) is None


def find_tool(variables: Mapping[str, str]) -> Path | None:
    import shutil

    tool = shutil.which(TOOL, path=variables.get("PATH"))
    return Path(tool) if tool else None


def ask(
    tool: Path, question: Sequence[str], variables: Mapping[str, str], run: Callable[..., process.CompletedProcess]
) -> str:
    """The output of nvidia-smi; ``NO_CARD`` where there is none. Raises ``NotReady`` where it doesn't work."""
    try:
        done = run([tool, *question], variables, SECONDS)
    except (process.TimedOut, OSError) as error:
        raise _unusable(tool, str(error)) from error
    said = done.stdout.decode("utf-8", "replace").strip()
    if NO_CARD in said:
        return NO_CARD
    if done.returncode:
        raise _unusable(tool, said or done.error_text or f"it ended with code {done.returncode}")
    return said


def _card(tool: Path, line: str) -> Gpu:
    fields = [field.strip() for field in line.split(",")]
    if len(fields) == 3 and fields[0].startswith("GPU-"):
        uuid, name, mebibytes = fields
        if mebibytes in WITHOUT_MEMORY:
            return Gpu(uuid, name, None)
        if mebibytes.isascii() and mebibytes.isdigit():
            return Gpu(uuid, name, int(mebibytes) << 20)
    raise _unusable(tool, f"it answers {line[:200]!r} instead of UUID, name and MiB")


def _unusable(tool: Path, reason: str) -> NotReady:
    first = reason.splitlines()[0] if reason else "it says nothing"
    return NotReady(
        f"the GPUs can't be listed: {tool}: {first}", f"see what '{TOOL}' prints, or go on without GPUs: {VISIBLE}= ..."
    )
