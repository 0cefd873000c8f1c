"""``pipeline serve``."""

import asyncio
import os
import secrets
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completion
from pipeline.cli.context import project, root_option
from pipeline.cli.value_types import FiniteRange, NamedPath
from pipeline.errors import NotReady, StageError, UsageError, did_you_mean
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.config.stages import StageSpec
    from pipeline.project import ProjectFolder
    from pipeline.services.order import ServiceOrder
    from pipeline.services.serving.foreground import ServePlan
    from pipeline.services.serving.version import VersionFailed

LOOPBACK = ("127.0.0.1", "::1", "localhost")
MOST_LINES = 20  # of the log, in an error
PRIVATE = 0o600

OPTIONS = (
    click.option("--param", "parameters", metavar="NAME=VALUE", multiple=True, help="Another value than its default."),
    click.option("--model", "models", metavar="SLOT=NAME", multiple=True, help="A model of config/models.yaml."),
    click.option("--build", "builds", is_flag=True, help="Build and fetch what is missing."),
    click.option("--service", "entry", metavar="NAME", help="Which service of PACKAGE, where it has several."),
    click.option(
        "--port",
        "numbers",
        metavar="[NAME=]NUMBER",
        multiple=True,
        help="The number of a port; without NAME, of its first one. By default, free ones.",
    ),
    click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at."),
    click.option(
        "--token-file",
        type=NamedPath(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Who asks needs the token in FILE, which is made where it isn't there. Needed for other machines.",
    ),
    click.option(
        "--drain",
        "drain_seconds",
        type=FiniteRange(min=0),
        default=600.0,
        show_default=True,
        metavar="SECONDS",
        help="How long a version that is replaced may take for the requests that it has.",
    ),
)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for add in reversed(OPTIONS):
        command = add(command)
    return command


@click.command("serve")
@click.argument("name", metavar="STAGE|PACKAGE", shell_complete=completion.stages)
@_options
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

    if Path(name).is_file():
        name, values = _of_package(context, Path(name), values)
    elif values["entry"] is not None:
        raise UsageError("--service is for a package", "pipeline serve --help")
    here = project()
    spec = _spec(Catalog(here, saves=False), name)
    _require_token(name, values)
    ports = _ports(spec, values["numbers"])
    if as_unit:
        click.echo(_unit(here, spec, values), nl=False)
        return
    token = _token(values["token_file"])
    _run(_plan(here, name, values, ports, token), name, as_text)


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


def _ports(spec: "StageSpec", texts: tuple[str, ...]) -> dict[str, int]:
    """Public numbers by name; 0 for any that is free. Raises ``UsageError``."""
    assert spec.service
    numbers = dict.fromkeys(spec.service.ports, 0)
    for text in texts:
        name, equals, digits = text.rpartition("=")
        name = name if equals else spec.service.ports[0]
        if name not in numbers:
            near = did_you_mean(name, list(numbers))
            raise UsageError(f"service '{spec.name}' has no port '{printable(name)}'{near}", "pipeline serve --help")
        if not digits.isascii() or not digits.isdigit() or int(digits) > 65535:
            raise UsageError(f"--port takes NAME=NUMBER, not {printable(text)!r}", "pipeline serve --help")
        numbers[name] = int(digits)
    return numbers


def _require_token(name: str, values: Mapping[str, Any]) -> None:
    """Who can reach the service from elsewhere must be known to it."""
    if values["host"] not in LOOPBACK and values["token_file"] is None:
        step = f"pipeline serve {shlex.quote(name)} --host {shlex.quote(values['host'])} --token-file FILE"
        raise UsageError(f"at {printable(values['host'])} others than you could use it, so it needs a token", step)


def _token(file: Path | None) -> str:
    """The token in a file, which is made for its owner alone. Raises ``UsageError``."""
    if file is None:
        return ""
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w", encoding="ascii") as made:
            made.write(f"{secrets.token_urlsafe(32)}\n")
    except FileExistsError:
        pass
    except OSError as error:
        raise UsageError(f"{printable(str(file))} can't be made: {error.strerror}") from error
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{printable(str(file))} can't be read: {error}") from error
    if not token or len(token.split()) > 1:
        raise UsageError(f"{printable(str(file))} has no token: it is one word", f"rm {shlex.quote(str(file))}")
    return token


def _plan(
    here: "ProjectFolder", name: str, values: Mapping[str, Any], ports: Mapping[str, int], token: str
) -> "ServePlan":
    from pipeline.executors import runtime_folder
    from pipeline.services.serving.foreground import ServePlan

    @contextmanager
    def make_order(version: int) -> "Iterator[ServiceOrder]":
        """All is read anew."""
        from pipeline.cli import stage_options
        from pipeline.config.catalog import Catalog
        from pipeline.run.served_stage import ServedStage, order_of

        catalog = Catalog(here, saves=False)
        chosen = {**values, "inputs": ()}
        with stage_options.ready(catalog, name, chosen, _show, is_served=True) as ready:
            definition = _spec(catalog, name).service
            assert definition
            served = ServedStage(ready.call, definition, ready.interpreter, ready.environment.build)
            yield order_of(here, served, token, version)

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
        [os.path.abspath(sys.argv[0]), "serve", spec.name, "--root", str(here.root), *_words(values)],
        {"PATH": os.environ.get("PATH", os.defpath)},
        spec.service.ready.start_timeout,
        2 * spec.service.stop.timeout,  # for the requests that there are, and for its own end
    )
    return unit(facts)


def _words(values: Mapping[str, Any]) -> Iterator[str]:
    """The options as they were given, with whole paths."""
    for option, name in (("--param", "parameters"), ("--model", "models"), ("--port", "numbers")):
        for value in values[name]:
            yield from (option, value)
    yield from ("--host", values["host"], "--drain", f"{values['drain_seconds']:g}")
    if values["token_file"]:
        yield from ("--token-file", os.path.abspath(values["token_file"]))
