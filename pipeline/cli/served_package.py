"""A package whose service is run: it is installed, and what its workflow says of the service counts."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.context import ROOT, project
from pipeline.cli.package.install import build_environments
from pipeline.cli.package.options import progress, read
from pipeline.errors import UsageError, did_you_mean
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.config.workflows import StageUse, WorkflowSpec


@dataclass(frozen=True)
class PackagedService:
    """A service of a package, with the values that its workflow gives it, as they are typed."""

    stage: str
    parameters: tuple[str, ...]
    models: tuple[str, ...]


def installed(context: click.Context, file: Path, entry: str | None, builds: bool) -> PackagedService:
    """Install it, and work on it from now on. ``entry``: the service's name in the workflow, where it has several.

    Raises ``UsageError`` for a package without such a service, and what reading and installing raise.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.packages import install
    from pipeline.packages.manifest import ENVIRONMENTS

    package, _ = read(file, None)
    done = install.install(package, progress)
    if builds and ENVIRONMENTS in package.manifest["files"]:
        build_environments(done.package)
    else:
        install.place_models(done.package, progress)
    context.meta[ROOT] = done.package.folder
    catalog = Catalog(project(), saves=False)
    workflow = catalog.workflow(package.name)
    uses = {name: use for name, use in workflow.stages.items() if catalog.stage(use.uses).service}
    return _service(_chosen(uses, file, entry), workflow)


def _chosen(uses: "dict[str, StageUse]", file: Path, entry: str | None) -> "StageUse":
    command = f"pipeline serve {shlex.quote(str(file))}"
    if not uses:
        raise UsageError(f"{printable(str(file))} has no service", f"pipeline package show {shlex.quote(str(file))}")
    if entry is None and len(uses) > 1:
        step = f"{command} --service {next(iter(uses))}"
        raise UsageError(f"{printable(str(file))} has several services: {', '.join(uses)}", step)
    name = entry or next(iter(uses))
    if name not in uses:
        near = did_you_mean(name, list(uses))
        raise UsageError(f"{printable(str(file))} has no service '{printable(name)}'{near}", command)
    return uses[name]


def _service(use: "StageUse", workflow: "WorkflowSpec") -> PackagedService:
    parameters = _typed(use.parameters, workflow)
    return PackagedService(use.uses, parameters, _typed(use.models, workflow))


def _typed(values: Mapping[str, Any], workflow: "WorkflowSpec") -> tuple[str, ...]:
    """As ``NAME=VALUE``. A parameter of the workflow has its default; where it has none, the stage's own counts."""
    found = {name: _resolved(value, workflow) for name, value in values.items()}
    return tuple(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in found.items()
        if value is not None
    )


def _resolved(value: Any, workflow: "WorkflowSpec") -> Any:
    if isinstance(value, str) and value.startswith("$"):
        parameter = workflow.parameters.get(value[1:])
        return parameter.default if parameter else None
    return value
