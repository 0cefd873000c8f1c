"""The options of ``pipeline serve``: what is typed, checked against the service's block."""

import os
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.value_types import FiniteRange, NamedPath
from pipeline.errors import UsageError, did_you_mean
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.config.stages import StageSpec

LOOPBACK = ("127.0.0.1", "::1", "localhost")
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


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    for add in reversed(OPTIONS):
        command = add(command)
    return command


def ports(spec: "StageSpec", texts: tuple[str, ...]) -> dict[str, int]:
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


def require_token(name: str, values: Mapping[str, Any]) -> None:
    """Who can reach the service from elsewhere must be known to it."""
    if values["host"] not in LOOPBACK and values["token_file"] is None:
        step = f"pipeline serve {shlex.quote(name)} --host {shlex.quote(values['host'])} --token-file FILE"
        raise UsageError(f"at {printable(values['host'])} others than you could use it, so it needs a token", step)


def token(file: Path | None) -> str:
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
        found = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{printable(str(file))} can't be read: {error}") from error
    if not found or len(found.split()) > 1:
        raise UsageError(f"{printable(str(file))} has no token: it is one word", f"rm {shlex.quote(str(file))}")
    return found


def words(values: Mapping[str, Any]) -> Iterator[str]:
    """The options as they were given, with whole paths."""
    for option, name in (("--param", "parameters"), ("--model", "models"), ("--port", "numbers")):
        for value in values[name]:
            yield from (option, value)
    yield from ("--host", values["host"], "--drain", f"{values['drain_seconds']:g}")
    if values["token_file"]:
        yield from ("--token-file", os.path.abspath(values["token_file"]))
