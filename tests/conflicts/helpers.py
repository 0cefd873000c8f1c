"""Conflicts for tests: small universes, and what is found in them."""

from pathlib import Path

from pipeline.conflicts.conflicting_lines import Conflict
from pipeline.conflicts.sides import Side, side_of_file
from tests.conflicts.conftest import Universe


def conflict(universe: Universe, *requirements: str) -> Conflict:
    found = universe.explain(*requirements).conflict
    assert found is not None
    return found


def texts(found: Conflict) -> list[str]:
    return [line.text for line in found.lines]


def changes(found: Conflict) -> list[tuple[str, str, str]]:
    return [(edit.line.text, edit.text, edit.version) for edit in found.edits]


def in_file(tmp_path: Path, name: str, *requirements: str, python: str = "") -> Side:
    file = tmp_path / "requirements" / f"{name}.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in requirements))
    return side_of_file(name, file, python, f"config/environments/{name}.yaml:1" if python else "")


def hub(universe: Universe) -> None:
    """Two that want different versions of a third, as two well-known packages do."""
    for version in ("0.9", "1.0", "2.0"):
        universe.add("hub", version)
    universe.add("speech", "3.0", "hub<1", "models>=4")
    universe.add("speech", "2.0", "hub")
    universe.add("models", "4.0", "hub>=0.5,<1")
    universe.add("models", "5.0", "hub>=1.0")
    universe.add("models", "5.1", "hub>=2.0")
