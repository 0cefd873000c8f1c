"""What the commands about packages share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.value_types import NamedPath
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.packages.manifest import CarriedPackage


def file_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("file", metavar="FILE", type=NamedPath(path_type=Path, dir_okay=False))(command)


def signers_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--signed-by",
        "signers",
        metavar="ALLOWED_SIGNERS",
        type=NamedPath(path_type=Path, exists=True, dir_okay=False),
        help="Only where FILE.sig is a signature of one of these keys, in ssh-keygen's form of allowed signers.",
    )(command)


def read(file: Path, signers: Path | None) -> tuple["CarriedPackage", str | None]:
    """The package, and who signed it where that is to be checked. Raises as ``verify`` and ``read`` do."""
    from pipeline.packages import manifest, package_signature

    signer = package_signature.verify(file, signers) if signers else None
    return manifest.read(file), signer


def progress(line: str) -> None:
    click.echo(printable(line), err=True)
