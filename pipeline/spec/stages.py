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

from pipeline.errors import ConfigurationError
from pipeline.project import Project
from pipeline.spec.source import Source, check, choose

BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


@dataclass(frozen=True)
class StageSpec:
    name: str
    file: Path
    environment: str
    inputs: tuple[str, ...]
    models: tuple[str, ...]
    parameters: Mapping[str, Any]  # name to default
    outputs: Mapping[str, str]  # name to file name or pattern


def load(project: Project, name: str) -> StageSpec:
    """Raises ``ConfigurationError`` where there is no such stage or its block is wrong."""
    known = sorted(path.stem for path in project.stages.glob("*.py"))
    choose("stage", name, known, f"write {project.stage_file(name).relative_to(project.root)}")
    file = project.stage_file(name)
    table = _table(file, project.root)
    return StageSpec(
        name=name,
        file=file,
        environment=table["environment"],
        inputs=tuple(table.get("inputs", ())),
        models=tuple(table.get("models", ())),
        parameters=table.get("parameters", {}),
        outputs=table.get("outputs", {}),
    )


def _table(file: Path, root: Path) -> dict[str, Any]:
    shown_as = str(file.relative_to(root))
    text = file.read_text(encoding="utf-8")
    blocks = [match for match in BLOCK.finditer(text) if match["type"] == "script"]
    if len(blocks) != 1:
        raise ConfigurationError(
            f"{shown_as}: needs one '# /// script' block with a [tool.pipeline.stage] table, has {len(blocks)}"
        )
    start = text.count("\n", 0, blocks[0].start()) + 1
    content = "".join(line[2:] if line.startswith("# ") else line[1:] for line in blocks[0]["content"].splitlines(True))
    try:
        table = tomllib.loads(content)["tool"]["pipeline"]["stage"]
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{shown_as}:{start}: the script block isn't valid TOML: {error}") from error
    except KeyError as error:
        raise ConfigurationError(f"{shown_as}:{start}: the script block has no [tool.pipeline.stage] table") from error
    check(Source(file, shown_as, table, {(): start}), "stage")
    return dict(table)
