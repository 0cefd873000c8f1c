"""What a person lets a run use of the machine."""

from collections.abc import Sequence

from pipeline.errors import UsageError, did_you_mean
from pipeline.values import Struct

LIMITABLE = ("cpus", "memory", "gpus")


class RunLimits(Struct, frozen=True):
    """What a run may use at most; None is all that there is."""

    cpus: int | None = None
    memory: int | None = None  # bytes
    gpus: int | None = None


def parse_limits(texts: Sequence[str]) -> RunLimits:
    """``cpus=4``, ``memory=8GiB``, ``gpus=1``; a later one replaces an earlier one. Raises ``UsageError``."""
    limits: dict[str, int] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not value:
            raise UsageError(f"--limit {text}: not NAME=AMOUNT", "for example --limit cpus=4 --limit memory=8GiB")
        if name not in LIMITABLE:
            raise UsageError(
                f"--limit {text}: nothing called '{name}'{did_you_mean(name, [*LIMITABLE])}",
                "for example --limit cpus=4 --limit memory=8GiB",
            )
        limits[name] = _amount(text, name, value)
    return RunLimits(**limits)


def _amount(text: str, name: str, value: str) -> int:
    if name == "memory":
        from pipeline.sizes import parse_size

        try:
            return parse_size(value)
        except ValueError as error:
            raise UsageError(f"--limit {text}: {error}", "for example --limit memory=8GiB") from error
    least = 1 if name == "cpus" else 0
    if not (value.isascii() and value.isdigit()) or int(value) < least:
        raise UsageError(f"--limit {text}: {name} is a whole number from {least}", f"for example --limit {name}=1")
    return int(value)
