"""``pipeline stage run``."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completion, stage_options
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.cli.stage_outcome import error_of
from pipeline.cli.tracebacks import TracebackTrimmer
from pipeline.cli.value_types import FiniteRange, NamedPath
from pipeline.errors import StageError, UsageError
from pipeline.files import replaced, try_remove_tree
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.cli.stage_options import ReadyStage
    from pipeline.jobs.attempts import Attempt
    from pipeline.project import ProjectFolder
    from pipeline.run.direct_run import DirectBounds, DirectEnd

KEPT_SECONDS = 24 * 3600.0  # for the outputs of earlier runs that nobody named a folder for


@click.command("run")
@click.argument("name", shell_complete=completion.stages)
@stage_options.options
@click.option(
    "--output-folder",
    "target",
    type=NamedPath(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Put the outputs there, over those of an earlier run; default: a new folder in the project's cache.",
)
@click.option("--timeout", type=FiniteRange(min=0, min_open=True), metavar="SECONDS", help="End it after that.")
@json_option
@root_option
def command(name: str, target: Path | None, timeout: float | None, as_json: bool, **values: Any) -> None:
    """Run the stage NAME by itself in its environment, and print the paths of its outputs, one a line.

    What it prints is shown as it comes. Nothing is recorded, and nothing is taken from earlier results.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.jobs.attempts import Attempt

    catalog = Catalog(project(), saves=False)
    with stage_options.ready(catalog, name, values, _show) as stage, _place(catalog.project, name) as folder:
        attempt = Attempt(name, 1, folder)
        inputs = [path for paths in stage.call.inputs.values() for path in paths]
        for declared in stage.call.spec.outputs.values() if target else ():
            _require_no_loss(Path(str(target), declared), inputs)
        bounds = _bounds(stage, timeout, catalog.settings.grace_seconds)
        ended, said = _performed(catalog.project, stage, attempt, bounds)
        if error := error_of(catalog.project, stage.call.spec, ended, said):
            raise error
        outputs = _outputs(catalog.project, stage, attempt, inputs)
        places = {slot: _delivered(path, target or folder, inputs) for slot, path in outputs.items()}
    facts = {"stage": name, "environment": stage.environment.definition.name, "outputs": _texts(places)}
    if as_json:
        more = {"seconds": ended.seconds, "warnings": list(ended.warnings), "about": dict(ended.about)}
        print_json("stage-run", {**facts, **more})
    else:
        for path in places.values():
            click.echo(printable(str(path)))


@contextmanager
def _place(project: "ProjectFolder", name: str) -> Iterator[Path]:
    """A new folder for one run. Its outputs stay for a day, the rest goes."""
    parent = project.cache / "stage-runs"
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            try_remove_tree(old)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
    try:
        yield folder
    finally:
        for left in ("work", "outputs", "scratch", "starts"):
            if (folder / left).exists():
                try_remove_tree(folder / left)
        for file in ("invocation.json", "log"):
            (folder / file).unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()


def _bounds(stage: "ReadyStage", timeout: float | None, grace: float) -> "DirectBounds":
    from pipeline.prepare import confinement, stage_environment
    from pipeline.run.direct_run import DirectBounds

    policy = stage.call.spec.policy
    limit = policy.get("timeout_seconds") if timeout is None else timeout
    planned = stage_environment.planned(stage.call.spec, {})
    if reason := confinement.problem([planned]):
        _show(f"it runs without its bounds (no network, reading alone), which this machine can't keep: {reason}")
        return DirectBounds(limit, grace_seconds=grace)
    return DirectBounds(limit, planned.network, planned.read_only, grace)


def _performed(
    project: "ProjectFolder", stage: "ReadyStage", attempt: "Attempt", bounds: "DirectBounds"
) -> "tuple[DirectEnd, bytes]":
    """How it ended, and the last of what it printed."""
    from pipeline.run.direct_run import DirectRun, perform

    trimmer, last = TracebackTrimmer(), bytearray()

    def show(data: bytes) -> None:
        last.extend(data)
        del last[:-LAST_BYTES]
        _pass_on(trimmer.feed(data))

    ended = perform(DirectRun(project, stage.call, stage.interpreter, attempt, bounds), show)
    _pass_on(trimmer.finish())
    return ended, bytes(last)


LAST_BYTES = 1 << 20


def _pass_on(data: bytes) -> None:
    sys.stderr.write(data.decode("utf-8", "replace"))
    sys.stderr.flush()


def _outputs(
    project: "ProjectFolder", stage: "ReadyStage", attempt: "Attempt", inputs: Sequence[Path]
) -> Mapping[str, Path]:
    """Raises ``StageError`` where an output isn't there, or isn't what the stage promises."""
    from pipeline.jobs import output_directories
    from pipeline.jobs.output_files import OutputsMissing
    from pipeline.run.direct_run import broken_promises

    spec = stage.call.spec
    try:
        outputs = attempt.find(spec.outputs, inputs)
        output_directories.require_files(spec.outputs, spec.ensure, outputs)
        output_directories.require_plain(spec.outputs, outputs)
    except OutputsMissing as error:
        raise StageError(f"stage '{spec.name}' failed: {error}", f"pipeline stage show {spec.name}") from error
    tools = [build.provided_tools for build in stage.environment.providers.values()]
    if broken := broken_promises(project, stage.call, outputs, tools):
        raise StageError(f"stage '{spec.name}' failed: it ended well, but {'; '.join(broken)}")
    return outputs


def _delivered(path: Path, target: Path, inputs: Sequence[Path]) -> Path:
    place = target.absolute() / path.name
    _require_no_loss(place, inputs)
    target.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, place, symlinks=True, dirs_exist_ok=True)
    else:
        with replaced(place, flush=False) as beside:
            shutil.copyfile(path, beside)
    return place


def _require_no_loss(place: Path, inputs: Sequence[Path]) -> None:
    """Raises ``UsageError`` where an output would take the place of an input, or mix with what is in a folder."""
    if any(place.exists() and place.samefile(each) for each in inputs):
        raise UsageError(f"the output {printable(str(place))} would replace an input", "name another --output-folder")
    if place.is_dir() and any(place.iterdir()):
        message = f"the folder {printable(str(place))} has files already, which would be mixed with the output's"
        raise UsageError(message, "remove it, or name another --output-folder")


def _texts(places: Mapping[str, Path]) -> dict[str, str]:
    return {slot: str(path) for slot, path in places.items()}


def _show(line: str) -> None:
    click.echo(printable(line), err=True)
