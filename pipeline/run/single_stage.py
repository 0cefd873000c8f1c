"""One stage by itself, without a job: in its environment, its outputs in a temporary folder, nothing of it recorded.

For commands whose work needs an environment's libraries and is over in a moment.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline import process
from pipeline.config.catalog import Catalog
from pipeline.config.stages import StageSpec
from pipeline.environments import own_variables, registry_of
from pipeline.envs import shared_builds
from pipeline.envs.inheritance import visible
from pipeline.envs.leases import Leases
from pipeline.envs.variables import stage_variables
from pipeline.errors import InputError, NotReady, PipelineError, StageError, UsageError, did_you_mean
from pipeline.executors.runner import command
from pipeline.jobs.attempts import Attempt
from pipeline.jobs.output_files import OutputsMissing
from pipeline.process import Interpreter
from pipeline.run.stage_call import StageCall, write_invocation
from pipeline.sdk.protocol import EXIT_INPUT_UNUSABLE

BOUND = 300.0  # seconds
LAST_LINES = 20


@contextmanager
def run(  # noqa: PLR0913, PLR0917  # what a call has
    catalog: Catalog,
    name: str,
    inputs: Mapping[str, Sequence[Path]],
    parameters: Mapping[str, Any],
    seconds: float = BOUND,
    place: Path | None = None,
) -> Iterator[Mapping[str, Path]]:
    """The files of the stage's outputs, by output, which are there until the context ends; in a folder in ``place``,
    where the system's own for temporary files may be too small.

    For stages that need no model. Raises ``NotReady`` where the environment isn't built or is damaged, and
    ``StageError`` or ``InputError`` with what the stage says.
    """
    spec = catalog.stage(name)
    with Leases() as leases, _folder(place) as folder:
        interpreter = _interpreter(catalog, spec, leases)
        attempt = Attempt(name, 1, Path(folder))
        attempt.outputs.mkdir()
        _require_slots(spec, inputs, parameters)
        call = StageCall(spec, inputs, parameters, cpus=os.cpu_count() or 1)
        write_invocation(catalog.project, call, attempt)
        _perform(interpreter, attempt, seconds)
        try:
            outputs = attempt.find(spec.outputs)
        except OutputsMissing as error:
            raise StageError(f"stage '{name}' failed: {error}") from error
        yield outputs


def _folder(place: Path | None) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="pipeline-", dir=place, ignore_cleanup_errors=True)


def _interpreter(catalog: Catalog, spec: StageSpec, leases: Leases) -> Interpreter:
    registry = registry_of(catalog.project)
    definition = catalog.environment(spec.environment)
    providers = [each for tool in definition.tools if (each := catalog.provider(tool))]
    for each in (definition, *providers):
        shared_builds.adopt(registry, each)
    if reason := registry.problem(definition):
        raise NotReady(f"environment '{definition.name}' isn't ready: {reason}", f"bootstrap --env {definition.name}")
    build = registry.live(definition.name)
    if build is None:
        raise NotReady(f"environment '{definition.name}' is gone", f"bootstrap --env {definition.name}")
    tools = [live.provided_tools for each in providers if (live := registry.live(each.name))]
    own = own_variables(catalog.project, definition.variables, build.prefix)
    lease = leases.on(build)
    caller = visible(os.environ, (*spec.passed, *definition.passed))
    variables = stage_variables(build.prefix, caller, tools, own, build.conda)
    return Interpreter(build.python, build.prefix, variables, build.key, lease)


def _require_slots(spec: StageSpec, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    if spec.models:
        raise UsageError(f"stage '{spec.name}' needs models, so it runs in jobs only", "prepare-job --help")
    for kind, given, known in (("input", inputs, spec.inputs), ("parameter", parameters, tuple(spec.parameters))):
        for slot in given:
            if slot not in known:
                raise UsageError(f"stage '{spec.name}' has no {kind} '{slot}'{did_you_mean(slot, list(known))}")


def _perform(interpreter: Interpreter, attempt: Attempt, seconds: float) -> None:
    try:
        done = process.run(command(interpreter.python, attempt.invocation), interpreter.variables, seconds)
    except process.TimedOut as error:
        raise StageError(f"stage '{attempt.stage}' failed: it took longer than {seconds:g} s, and was ended") from error
    if done.returncode:
        raise _failure(attempt.stage, done)


def _failure(stage: str, done: process.CompletedProcess) -> PipelineError:
    """In the stage's words: it says why it refuses, and shows where it broke."""
    said = "\n".join(done.error_text.splitlines()[-LAST_LINES:])
    if done.returncode == EXIT_INPUT_UNUSABLE:
        return InputError(said)
    how = (
        f"was killed by signal {-done.returncode}" if done.returncode < 0 else f"ended with exit code {done.returncode}"
    )
    return StageError(f"stage '{stage}' failed: {said or how}")
