"""A module of the project that a stage imports and doesn't find: it isn't shared, or the stage doesn't name it."""

import re
import shlex
from pathlib import Path

from pipeline.executors.reports import StageException
from pipeline.jobs.job import PlannedJob, preparing_command
from pipeline.jobs.plan import PlannedStage
from pipeline.project import ProjectFolder
from pipeline.run.failures.evidence import StrayModule
from pipeline.script import blocks

NO_MODULE = re.compile(r"No module named '(?P<module>[^']+)'")
RELATIVE = "attempted relative import with no known parent package"


def missing_module(raised: StageException | None) -> str | None:
    """The name of the module that wasn't found."""
    found = NO_MODULE.search(raised.message) if raised and raised.type == "ModuleNotFoundError" else None
    return found["module"] if found else None


def find(
    project: ProjectFolder, job: PlannedJob, stage: PlannedStage, raised: StageException | None
) -> StrayModule | None:
    """Looks at the project's files. ``None`` where the project has no such module, either."""
    if raised and raised.type == "ImportError" and RELATIVE in raised.message:
        means = "a stage is no part of a package: it imports what is in stages/modules, by its name alone"
        return StrayModule(means, (f"write 'import NAME' instead into stages/{stage.uses}.py",))
    name = (missing_module(raised) or "").partition(".")[0]
    if not name.isidentifier() or name in stage.modules:
        return None
    again = preparing_command(job)
    if shared := next((found for each in project.layers if (found := _module(each.modules, name))), None):
        return _unnamed(project, stage, shared, name, again)
    beside = _module(project.stages, name) or _module(project.root, name)
    return _elsewhere(project, stage, beside, name, again) if beside else None


def _unnamed(project: ProjectFolder, stage: PlannedStage, place: Path, name: str, again: str) -> StrayModule:
    shown = project.shown(place)
    means = f"it is in {shown}, and a stage finds only the shared modules that it names"
    return StrayModule(means, (_naming(stage, name), again))


def _elsewhere(project: ProjectFolder, stage: PlannedStage, place: Path, name: str, again: str) -> StrayModule:
    shown, modules = place.relative_to(project.root), project.modules.relative_to(project.root)
    means = f"it is in {shown}, where a stage doesn't look: what stages share is in {modules}"
    if place.is_file() and any(blocks(place.read_text(encoding="utf-8", errors="replace"))):
        move = f"write what both stages need into {modules}/NAME.py (for {shown} is a stage itself)"
        return StrayModule(means, (move, _naming(stage, "NAME"), again))
    target = modules / place.name
    make = () if project.modules.is_dir() else (f"mkdir {shlex.quote(str(project.modules))}",)
    move = f"mv {shlex.quote(str(place))} {shlex.quote(str(project.root / target))}"
    return StrayModule(means, (*make, move, _naming(stage, name), again))


def _naming(stage: PlannedStage, name: str) -> str:
    listed = ", ".join(f'"{each}"' for each in (*stage.modules, name))
    return f"write modules = [{listed}] into the [tool.pipeline.stage] table of stages/{stage.uses}.py"


def _module(folder: Path, name: str) -> Path | None:
    """A module's file or a package's folder."""
    file, package = folder / f"{name}.py", folder / name
    return file if file.is_file() else package if (package / "__init__.py").is_file() else None
