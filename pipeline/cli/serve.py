"""``pipeline serve``."""

import asyncio
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completion, serve_options
from pipeline.cli.context import project, root_option
from pipeline.errors import NotReady, StageError, UsageError, did_you_mean
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.config.stages import StageSpec
    from pipeline.project import ProjectFolder
    from pipeline.services.order import ServiceOrder
    from pipeline.services.serving.foreground import ServePlan
    from pipeline.services.serving.version import VersionFailed

MOST_LINES = 20  # of the log, in an error


@dataclass(frozen=True)
class ServedFacts:
    """What all versions share."""

    token: str
    cards: Mapping[str, str]  # variables by which GPUs are seen


@click.command("serve")
@click.argument("name", metavar="STAGE|PACKAGE", shell_complete=completion.stages)
@serve_options.options
@click.option("--systemd-unit", "as_unit", is_flag=True, help="Print a unit of systemd that does this, and end.")
@click.option("--text", "as_text", is_flag=True, help="Tell events and the log as text, not as JSON lines.")
@root_option
@click.pass_context
def command(context: click.Context, /, name: str, as_unit: bool, as_text: bool, **values: Any) -> None:
    """Run the service STAGE in the foreground, until Ctrl-C or SIGTERM; or that of PACKAGE, which is installed first.

    What happens, and what its program prints, is told as JSON lines. SIGHUP starts a new version of what the files say
    now; when that is ready, new requests go to it, and the one before answers those that it has and ends.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.run.service_gpus import cards_of

    if Path(name).is_file():
        name, values = _of_package(context, Path(name), values)
    elif values["entry"] is not None:
        raise UsageError("--service is for a package", "pipeline serve --help")
    here = project()
    spec = _spec(Catalog(here, saves=False), name)
    serve_options.require_token(name, values)
    ports = serve_options.ports(spec, values["numbers"])
    if as_unit:
        click.echo(_unit(here, spec, values), nl=False)
        return
    token = serve_options.token(values["token_file"])
    with cards_of(spec, os.environ) as cards:
        _run(_plan(here, name, values, ports, ServedFacts(token, cards)), name, as_text)


def _of_package(context: click.Context, file: Path, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The stage of its service; what is typed comes after what its workflow says, and so counts."""
    from pipeline.cli.served_package import installed

    service = installed(context, file, values["entry"], bool(values["builds"]))
    more = {
        "parameters": (*service.parameters, *values["parameters"]),
        "models": (*service.models, *values["models"]),
    }
    return service.stage, {**values, **more}


def _spec(catalog: "Catalog", name: str) -> "StageSpec":
    """Raises ``UsageError`` for a stage that isn't there, or is no service."""
    names = [each for each in catalog.stage_names if catalog.stage(each).service]
    if name not in names:
        what = "isn't a service" if name in catalog.stage_names else "isn't there"
        there = f"; its services: {', '.join(names)}" if names else "; the project has no service"
        near = did_you_mean(name, names, listing=False)
        raise UsageError(f"stage '{printable(name)}' {what}{near or there}", "pipeline stage list")
    return catalog.stage(name)


def _plan(
    here: "ProjectFolder", name: str, values: Mapping[str, Any], ports: Mapping[str, int], facts: ServedFacts
) -> "ServePlan":
    from pipeline.executors import runtime_folder
    from pipeline.services.serving.foreground import ServePlan

    @contextmanager
    def make_order(version: int) -> "Iterator[ServiceOrder]":
        """All is read again."""
        from pipeline.cli import stage_options
        from pipeline.config.catalog import Catalog
        from pipeline.run.lone_service import LoneService, order_of

        catalog = Catalog(here, saves=False)
        chosen = {**values, "inputs": ()}
        with stage_options.ready(catalog, name, chosen, _show, is_served=True) as ready:
            definition = _spec(catalog, name).service
            assert definition
            served = LoneService(ready.call, definition, ready.interpreter, ready.environment.build, facts.cards)
            yield order_of(here, served, facts.token, version)

    runtime = runtime_folder.locate(os.environ)
    return ServePlan(make_order, runtime, values["host"], ports, values["drain_seconds"])


def _run(plan: "ServePlan", name: str, as_text: bool) -> None:
    from pipeline.executors.runtime_folder import Unavailable
    from pipeline.services.serving.foreground import ForegroundService
    from pipeline.services.serving.output import PatientOutput
    from pipeline.services.serving.record import ServiceRecord
    from pipeline.services.serving.version import VersionFailed

    output = PatientOutput()
    service = ForegroundService(plan, ServiceRecord(name, output, is_json=not as_text))
    try:
        try:
            asyncio.run(service.run())
        finally:
            output.close()
    except VersionFailed as error:
        raise _failure(name, error) from error
    except Unavailable as error:
        raise NotReady(f"no service can be run here: {error}") from error
    except OSError as error:
        shown = ", ".join(f"{each} {number}" for each, number in plan.ports.items() if number)
        raise UsageError(
            f"it can't listen at {plan.host} ({shown or 'any port'}): {error.strerror or error}"
        ) from error


def _failure(name: str, error: "VersionFailed") -> StageError:
    failure = error.status.failure
    lines = failure.log_lines[-MOST_LINES:] if failure else ()
    shown = "\n".join([f"service '{name}' failed: {error}", *(f"  {printable(line)}" for line in lines)])
    return StageError(shown, f"pipeline stage show {shlex.quote(name)}")


def _show(message: str) -> None:
    click.echo(message, err=True)


def _unit(here: "ProjectFolder", spec: "StageSpec", values: Mapping[str, Any]) -> str:
    from pipeline.services.serving.systemd_unit import UnitFacts, unit

    assert spec.service
    facts = UnitFacts(
        spec.name,
        str(here.root),
        [os.path.abspath(sys.argv[0]), "serve", spec.name, "--root", str(here.root), *serve_options.words(values)],
        {"PATH": os.environ.get("PATH", os.defpath)},
        spec.service.ready.start_timeout,
        2 * spec.service.stop.timeout,  # for the requests that there are, and for its own end
    )
    return unit(facts)
