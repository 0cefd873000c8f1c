"""``pipeline call``."""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import completion
from pipeline.cli.context import project, root_option
from pipeline.cli.value_types import FiniteRange
from pipeline.errors import UsageError
from pipeline.values import parsed

if TYPE_CHECKING:
    from pipeline.calls.session import CallSession


@click.command("call")
@click.argument("name", metavar="ENV", shell_complete=completion.environments)
@click.argument("target", metavar="FILE[:FUNCTION]")
@click.option("--json", "arguments", metavar="ARGS", help="A list of arguments, or an object with them by name.")
@click.option("--timeout", type=FiniteRange(min=0, min_open=True), metavar="SECONDS", help="End the call after that.")
@click.option("--stdio", is_flag=True, help="Speak the protocol of calls on standard input and output.")
@click.option("--build", is_flag=True, help="Build the environment where it isn't there.")
@root_option
def command(name: str, target: str, arguments: str | None, timeout: float | None, stdio: bool, build: bool) -> None:
    """Call a function of FILE in the environment ENV, and print its result as a line of JSON.

    Arrays are printed as lists, and bytes as base64. The worker stays for the next call, with what FILE has loaded.

    With --stdio, another program makes the calls, of all functions of FILE or of an object of its class
    (FILE:CLASS); the protocol is described in docs/reference/call-protocol.md.
    """
    from pipeline.calls.environment import environment
    from pipeline.calls.errors import RemoteError

    file, _, function = target.rpartition(":") if ":" in target else (target, "", "")
    called = environment(name, project().root, build=build)
    if stdio:
        _relay(called.source(file, function or None))
        return
    if not function:
        raise UsageError(f"{target} names no function", f"pipeline call {name} {target}:FUNCTION")
    positional, named = _arguments(arguments)
    try:
        with called.open(file, timeout=timeout, progress=_show) as session:
            result = _function(session, function)(*positional, **named)
    except RemoteError as error:
        click.echo(error.traceback, err=True, nl=False)
        raise
    click.echo(json.dumps(result, ensure_ascii=False))


def _function(session: "CallSession", name: str) -> Callable[..., Any]:
    """It tells its arguments, and that there is none of this name, as mistakes of the command line."""
    try:
        function = session.function(name).options(plain=True)
    except AttributeError as error:
        raise UsageError(str(error)) from None

    def called(*positional: Any, **named: Any) -> Any:
        try:
            return function(*positional, **named)
        except TypeError as error:
            raise UsageError(str(error)) from None

    return called


def _arguments(text: str | None) -> tuple[list[Any], dict[str, Any]]:
    if text is None:
        return [], {}
    try:
        value = parsed(text)
    except ValueError as error:
        raise UsageError(f"--json: {error}") from None
    if isinstance(value, list):
        return value, {}
    if isinstance(value, dict):
        return [], value
    raise UsageError("--json takes a list of arguments, or an object with them by name, and not a single value")


def _show(fraction: float | None, note: str) -> None:
    done = "" if fraction is None else f"{100 * fraction:.0f} % "
    click.echo(f"{done}{note}", err=True)


def _relay(source: Any) -> None:
    from pipeline.calls.environment import START_SECONDS
    from pipeline.calls.logs import SessionLog
    from pipeline.calls.relay import relay

    log = SessionLog(source.project, source.environment)
    try:
        relay(source, log, START_SECONDS, sys.stdin.buffer, sys.stdout.buffer)
    finally:
        log.close()
