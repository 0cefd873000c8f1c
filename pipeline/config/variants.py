"""Which of an environment's variants suits the machine."""

import re
from collections.abc import Collection

CUDA = re.compile(r"cu(\d+?)(\d)")


def choose(accelerator: str, there_are: Collection[str]) -> str | None:
    """The machine's own; else for CUDA the highest that its driver can run, which runs older ones, too; else cpu."""
    if accelerator in there_are:
        return accelerator
    if version := _cuda(accelerator):
        older = [(each, name) for name in there_are if (each := _cuda(name)) and each <= version]
        if older:
            return max(older)[1]
    return "cpu" if "cpu" in there_are else None


def _cuda(name: str) -> tuple[int, int] | None:
    found = CUDA.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else None
