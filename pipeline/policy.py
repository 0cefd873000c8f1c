"""How a stage is run, as opposed to what it makes: no part of its identity, so a change makes nothing run again.

Only its bounds (no network, reading alone) are in its key: a result that was made within them needs nothing else.

A stage's block says it, a workflow's entry may say otherwise, and the plan holds what differs from the defaults.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pipeline.values import Struct, field

Start = Literal["cold", "worker"]
STARTS: tuple[Start, ...] = get_args(Start)
KEYS = (
    "title",
    "start",
    "timeout_seconds",
    "expected_seconds",
    "expected_per_second",
    "cache",
    "resources",
    "retries",
    "network",
    "read_only",
)
NESTED = ("resources", "retries")  # merged key by key, where the others replace


class ResourceRequest(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a stage asks for while it runs."""

    cpus: float | Literal["all"] = 1
    memory: int = 0  # bytes; 0 where the stage doesn't say
    gpus: int = 0
    gpu_memory: int | None = None  # bytes on each card; None takes whole cards
    cpu_will_do: bool = False  # runs without a GPU where the run can't have enough of them
    labels: dict[str, str] = field(default_factory=dict)  # of a node of a cluster, such as node: highmem
    licences: dict[str, int] = field(default_factory=dict)  # tokens, of which a cluster has so many

    def __hash__(self) -> int:
        return hash((self.cpus, self.memory, self.gpus, self.gpu_memory, self.cpu_will_do))


def declared(table: Mapping[str, Any]) -> dict[str, Any]:
    """What a stage's block or a workflow's entry says of it."""
    return {key: table[key] for key in KEYS if key in table}


def merged(block: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """A workflow's entry over a stage's block."""
    nested = {key: {**block.get(key, {}), **entry.get(key, {})} for key in NESTED if key in block or key in entry}
    return {**block, **entry, **nested}
