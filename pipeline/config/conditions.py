"""``when``: what decides whether a stage, or a deliverable, is a part of the plan."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Condition:
    name: str  # of a parameter or a decision, without the dollar sign; dotted for a part of it
    values: tuple[Any, ...] | None = None  # one of these; None: anything but empty, nothing, 0 and false

    def holds(self, value: Any) -> bool:
        """A list does where it has one of the values."""
        if self.values is None:
            return bool(value)
        given = value if isinstance(value, list) else [value]
        return any(type(one) is type(other) and one == other for one in given for other in self.values)

    def __str__(self) -> str:
        if self.values is None:
            return f"${self.name}"
        return f"${self.name} is {' or '.join(_shown(value) for value in self.values)}"


def conditions(written: Any) -> tuple[Condition, ...]:
    """``$name``, or a mapping of names to a value or a list of values. All must hold; of a list's values, one."""
    if written is None:
        return ()
    if isinstance(written, str):
        return (Condition(written[1:]),)
    return tuple(
        Condition(name, tuple(value) if isinstance(value, list) else (value,)) for name, value in written.items()
    )


def _shown(value: Any) -> str:
    return "''" if value == "" else str(value).lower() if isinstance(value, bool) else str(value)
