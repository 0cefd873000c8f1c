"""``when``: the condition under which a stage, or a deliverable, is a part of the plan."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Condition:
    """One condition on a parameter or a decision."""

    name: str  # without the dollar sign; with dots for a part of it
    values: tuple[Any, ...] | None = None  # it must be one of these; None: anything that Python counts as true

    def holds(self, value: Any) -> bool:
        """Whether ``value`` fulfils it. A list does where one of its entries does."""
        if self.values is None:
            return bool(value)
        entries = value if isinstance(value, list) else [value]
        return any(type(one) is type(other) and one == other for one in entries for other in self.values)

    def __str__(self) -> str:
        if self.values is None:
            return f"${self.name}"
        return f"${self.name} is {' or '.join(_shown(value) for value in self.values)}"


def conditions(value: Any) -> tuple[Condition, ...]:
    """Reads ``$name``, or a mapping of names to a value or a list of values. All conditions must hold."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (Condition(value[1:]),)
    return tuple(
        Condition(name, tuple(wanted) if isinstance(wanted, list) else (wanted,)) for name, wanted in value.items()
    )


def _shown(value: Any) -> str:
    return "''" if value == "" else str(value).lower() if isinstance(value, bool) else str(value)
