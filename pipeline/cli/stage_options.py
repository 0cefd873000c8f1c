"""The options of commands that call one stage by itself, and the call that they make."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.build_permission import PersonsPermission, again_with
from pipeline.errors import InputError
from pipeline.progress import Progress
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.config.stages import StageSpec
    from pipeline.prepare.stage_environment import StageEnvironment
    from pipeline.process import Interpreter
    from pipeline.run.stage_call import StageCall


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``inputs``, ``parameters``, ``models`` and ``builds``."""
    added = [
        click.option(
            "--input", "inputs", metavar="NAME=FILE", multiple=True, help="A file for an input; several in order."
        ),
        click.option(
            "--param", "parameters", metavar="NAME=VALUE", multiple=True, help="Another value than its default."
        ),
        click.option("--model", "models", metavar="SLOT=NAME", multiple=True, help="A model of config/models.yaml."),
        click.option("--build", "builds", is_flag=True, help="Build and fetch what is missing."),
    ]
    for add in reversed(added):
        command = add(command)
    return command


@dataclass(frozen=True)
class ReadyStage:
    """A stage, what it is called with, and what it runs in."""

    call: "StageCall"
    environment: "StageEnvironment"
    interpreter: "Interpreter"


@contextmanager
def ready(
    catalog: "Catalog",
    name: str,
    values: dict[str, Any],
    show: Progress,
    may_lack: bool = False,
    is_served: bool = False,
) -> Iterator[ReadyStage]:
    """The stage, with its environment held in its place. ``may_lack``: inputs and models may be missing.

    ``is_served``: it is a service, which isn't called but runs until it is stopped.

    Raises ``UsageError``, ``InputError`` for a file that isn't there, and ``NotReady``.
    """
    from pipeline.config.source import require_name
    from pipeline.envs.leases import Leases
    from pipeline.host import machine
    from pipeline.models.store import ModelStore
    from pipeline.plan import stage_arguments
    from pipeline.run.direct_run import DirectEnvironment, interpreter_of
    from pipeline.run.stage_call import StageCall

    require_name("stage", name, catalog.stage_names, "pipeline stage list")
    spec = catalog.stage(name)
    if not is_served:
        stage_arguments.require_callable(spec)
    inputs = stage_arguments.inputs(spec, values["inputs"], may_lack)
    parameters = stage_arguments.parameters(spec, values["parameters"])
    models = stage_arguments.models(spec, values["models"], may_lack)
    _require_files(spec, inputs)
    environment = _settled(catalog, spec, models, bool(values["builds"]), show)
    store = ModelStore(catalog.project.model_store)
    folders = {slot: store.folder(each, catalog.model(each).digest) for slot, each in models.items()}
    call = StageCall(spec, inputs, parameters, folders, machine.detect({}).cpus)
    tools = tuple(build.provided_tools for build in environment.providers.values())
    parts = DirectEnvironment(environment.definition, environment.build, tools)
    with Leases() as leases:
        for folder in folders.values():
            leases.on_model(folder)
        yield ReadyStage(call, environment, interpreter_of(catalog.project, call, parts, leases))


def _settled(
    catalog: "Catalog", spec: "StageSpec", models: dict[str, str], builds: bool, show: Progress
) -> "StageEnvironment":
    from pipeline.envs.choice.decision import EnvironmentOptions
    from pipeline.prepare import stage_environment
    from pipeline.prepare.environment_finder import WAIT_SECONDS
    from pipeline.setup.missing_parts import with_parts

    for each in models.values():
        catalog.model(each)  # a wrong name is told before anything is built
    allowed = EnvironmentOptions(WAIT_SECONDS)
    permission = PersonsPermission(builds, again_with("--build"))
    return with_parts(catalog, lambda: stage_environment.settle(catalog, spec, models, allowed, show), permission)


def _require_files(spec: "StageSpec", inputs: dict[str, list[Path]]) -> None:
    for name, paths in inputs.items():
        for path in paths:
            if not path.exists():
                raise InputError(
                    f"there is no file {printable(str(path))}, for the input '{name}' of stage '{spec.name}'"
                )
