"""What was measured, with the limits that the project set itself, as a table or as JSON.

A benchmark ends with exit code 3 where a figure that was asked for could not be measured. With ``--check`` it ends with
1 where a limit is missed.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from measuring import Failed

LIMIT_MISSED, NOT_MEASURED = 1, 3  # exit codes


@dataclass
class Figures:
    """By name, in order: ``None`` where it could not be measured, and a note why."""

    limits: dict[str, float] = field(default_factory=dict)  # the most that a figure should be
    values: dict[str, float | None] = field(default_factory=dict)
    older: dict[str, float] = field(default_factory=dict)  # the same of an older build
    notes: dict[str, str] = field(default_factory=dict)

    def measure(self, name: str, figure: Callable[[], float], note: str = "") -> None:
        self.measure_all([name], lambda: {name: figure()}, note)

    def measure_builds(self, name: str, figure: Callable[[], Sequence[float]], note: str = "") -> None:
        """Of this build, and of the older one if there is one."""

        def both() -> Mapping[str, float]:
            value, *older = figure()
            self.older |= dict.fromkeys([name], *older) if older else {}
            return {name: value}

        self.measure_all([name], both, note)

    def measure_all(self, names: Sequence[str], part: Callable[[], Mapping[str, float]], note: str = "") -> None:
        """Figures that are measured together. Those that can't be measured are rows that say so, not the end."""
        print(f"{', '.join(names)} ", end="", flush=True, file=sys.stderr)
        self.notes |= dict.fromkeys(names, note)
        try:
            measured = part()
        except Failed as failed:
            print(failed, file=sys.stderr)
            for name in names:
                self._miss(name, str(failed))
            return
        self.values |= {name: measured[name] for name in names}
        print(*measured.values(), file=sys.stderr)

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """What several figures need. Where it fails, there is a row for the part, and the next part goes on."""
        try:
            yield
        except Failed as failed:
            self.miss(name, str(failed))

    def miss(self, name: str, reason: str) -> None:
        """It was asked for and could not be measured."""
        print(f"{name} {reason}", file=sys.stderr)
        self._miss(name, reason)

    @property
    def missing(self) -> Sequence[str]:
        return [name for name, value in self.values.items() if value is None]

    @property
    def above_limit(self) -> Sequence[str]:
        return [name for name in self.values if self._is_above(name)]

    def end(self, arguments: argparse.Namespace) -> int:
        """Show all as ``arguments`` of ``add_options`` want it; returns the exit code."""
        self._print_json() if arguments.json else self._print_table()
        if self.missing:
            print(f"could not be measured: {', '.join(self.missing)}", file=sys.stderr)
            return NOT_MEASURED
        return LIMIT_MISSED if arguments.check and self.above_limit else 0

    def _miss(self, name: str, reason: str) -> None:
        self.values[name], self.notes[name] = None, reason

    def _is_above(self, name: str) -> bool:
        value, limit = self.values[name], self.limits.get(name)
        return value is not None and limit is not None and value > limit

    def _print_json(self) -> None:
        notes = {name: note for name, note in self.notes.items() if note}
        beside = {"older": self.older} if self.older else {}
        print(json.dumps({**self.values, **beside, "limits": self.limits, "notes": notes}, indent=2))

    def _print_table(self) -> None:
        from rich.console import Console
        from rich.table import Table

        builds = ("this build", "older build") if self.older else ("measured",)
        table = Table("figure", *builds, "wanted", "note", box=None, pad_edge=False)
        for name, value in self.values.items():
            limit = self.limits.get(name)
            cells = [_shown(value), _shown(self.older.get(name), "")][: len(builds)]
            wanted = "" if limit is None else f"≤ {limit:g}"
            style = "red" if value is None or self._is_above(name) else ""
            table.add_row(name, *cells, wanted, self.notes[name], style=style)
        Console().print(table)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--check", action="store_true", help=f"exit code {LIMIT_MISSED} where a limit is missed")


def stop(failed: Failed) -> int:
    """Nothing could be measured; returns the exit code."""
    print(failed, file=sys.stderr)
    return NOT_MEASURED


def _shown(value: float | None, nothing: str = "-") -> str:
    return nothing if value is None else f"{value:g}"
