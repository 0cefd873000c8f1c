"""What a stage says of itself, in the PEP 723 block at the top of its file.

The block is read as text: the orchestrator never imports a stage, whose libraries it doesn't have.
https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import policy, shared_modules
from pipeline.digests import canonical_json
from pipeline.errors import ConfigurationError
from pipeline.project import Project
from pipeline.spec import ensure
from pipeline.spec.source import Source, check, choose, read_text
from pipeline.spec.toml_lines import lines_of

TABLE = ("tool", "pipeline", "stage")
TOML_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")
BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


@dataclass(frozen=True)
class StageSpec:
    name: str
    file: Path
    environment: str
    inputs: tuple[str, ...]
    models: tuple[str, ...]
    modules: tuple[str, ...]  # that it shares with others (pipeline/shared_modules.py)
    parameters: Mapping[str, Any]  # name to default
    outputs: Mapping[str, str]  # name to file name or pattern
    ensure: Mapping[str, Any]  # post-conditions by output (pipeline/spec/ensure.py)
    policy: Mapping[str, Any]  # what it says of how it is run (pipeline/policy.py)


def load(project: Project, name: str) -> StageSpec:
    """Raises ``ConfigurationError`` where there is no such stage or its block is wrong."""
    known = sorted(path.stem for path in project.stages.glob("*.py"))
    choose("stage", name, known, f"write {project.stage_file(name).relative_to(project.root)}")
    file = project.stage_file(name)
    table = _table(file, project)
    return StageSpec(
        name=name,
        file=file,
        environment=table["environment"],
        inputs=tuple(table.get("inputs", ())),
        models=tuple(table.get("models", ())),
        modules=tuple(table.get("modules", ())),
        parameters=table.get("parameters", {}),
        outputs=table.get("outputs", {}),
        ensure=table.get("ensure", {}),
        policy=policy.declared(table),
    )


def _table(file: Path, project: Project) -> dict[str, Any]:
    shown_as = str(file.relative_to(project.root))
    text = read_text(file, shown_as).replace("\r\n", "\n")
    blocks = [match for match in BLOCK.finditer(text) if match["type"] == "script"]
    if len(blocks) != 1:
        raise ConfigurationError(
            f"{shown_as}: needs one '# /// script' block with a [tool.pipeline.stage] table, has {len(blocks)}"
        )
    start = text.count("\n", 0, blocks[0].start()) + 1
    content = "".join(line[2:] if line.startswith("# ") else line[1:] for line in blocks[0]["content"].splitlines(True))
    table = _parse(content, shown_as, start)
    for key in TABLE:
        if not isinstance(table, dict) or key not in table:
            raise ConfigurationError(f"{shown_as}:{start}: the script block has no [tool.pipeline.stage] table")
        table = table[key]
    source = Source(file, shown_as, table, {(): start, **lines_of(content, start + 1, TABLE)})
    check(source, "stage")
    _check_defaults(source)
    _check_modules(source, project)
    ensure.check(source, project.root)
    return dict(table)


def _parse(content: str, shown_as: str, start: int) -> Any:
    """The block's content, which begins in the line after ``start``."""
    try:
        return tomllib.loads(content)
    except ValueError as error:
        place = TOML_PLACE.search(str(error))
        line = start + int(place[1]) if place else start
        reason = TOML_PLACE.sub("", str(error))
        raise ConfigurationError(f"{shown_as}:{line}: the script block isn't valid TOML: {reason}") from error


def _check_modules(source: Source, project: Project) -> None:
    for index, name in enumerate(source.value.get("modules", ())):
        try:
            shared_modules.locate(project, name)
        except ConfigurationError as error:
            raise source.error(("modules", index), error.message, error.next_step) from error


def _check_defaults(source: Source) -> None:
    """TOML has dates and infinities; a plan, which is JSON, has none."""
    for name, value in source.value.get("parameters", {}).items():
        try:
            canonical_json(value)
        except (TypeError, ValueError) as error:
            raise source.error(("parameters", name), f"its default {value} isn't a value that JSON has") from error
