"""What was measured, with the limits that the project set itself, as a table or as JSON."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from measuring import Failed

LIMITS = {
    "chain20_cold": 0.85,
    "chain20_warm": 0.30,
    "wide1000_cold": 1.03,
    "wide1000_warm": 0.20,
    "noop1000": 1.0,
    "one_stage": 1.6,
    "warm_round_trip_ms": 0.5,
    "scale_10000": 1.10,
    "scale_10000_mib": 250,
}


@dataclass
class Figures:
    """By name, in order: ``None`` where it failed, and a note why."""

    values: dict[str, float | None] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=lambda: dict(LIMITS))

    def measure(self, name: str, figure: Callable[[], float], note: str = "") -> None:
        """A figure that can't be had is a row that says so, not the end."""
        print(f"{name} ", end="", flush=True, file=sys.stderr)
        self.notes[name] = note
        try:
            self.values[name] = figure()
        except Failed as failed:
            self.values[name] = None
            self.notes[name] = str(failed)
        print(self.notes[name] if self.values[name] is None else self.values[name], file=sys.stderr)

    def show(self, as_json: bool) -> None:
        if as_json:
            notes = {name: note for name, note in self.notes.items() if note}
            print(json.dumps({**self.values, "limits": self.limits, "notes": notes}, indent=2))
        else:
            self._print_table()

    def _print_table(self) -> None:
        from rich.console import Console
        from rich.table import Table

        table = Table("figure", "measured", "at most", "note", box=None, pad_edge=False)
        for name, value in self.values.items():
            limit = self.limits.get(name)
            style = "red" if value is None or (limit is not None and value > limit) else ""
            shown = "-" if value is None else f"{value:g}"
            table.add_row(name, shown, "" if limit is None else f"{limit:g}", self.notes[name], style=style)
        Console().print(table)
