"""``pipeline calculator``: calculators for atoms, each in an environment of its own."""

from pathlib import Path
from typing import Any

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.cli.value_types import FiniteRange, NamedPath
from pipeline.errors import UsageError

IPI_FOLDER = "/tmp"  # noqa: S108  # where i-PI and ASE put a socket that has a name alone
WAIT_SECONDS = 60.0


@click.group("calculator")
def group() -> None:
    """Calculators for atoms: files calculators/NAME.py, which programs use by pipeline.ase.Calculator."""


@group.command("list")
@json_option
@root_option
def list_(as_json: bool) -> None:
    """List the project's calculators, and whether their environments are built."""
    from pipeline.ase import files
    from pipeline.config.catalog import Catalog
    from pipeline.environments import registry_of

    here = project()
    catalog, registry = Catalog(here, saves=False), registry_of(here)
    rows = [
        {
            "name": name,
            "environment": "built" if registry.live(name) else "not built",
            "about": catalog.declared_environment(name).description,
        }
        for name in files.names(here)
    ]
    if as_json:
        print_json("calculator-list", rows)
    else:
        columns = ["name", "environment", "about"]
        print_table(columns, [[row[each] for each in columns] for row in rows], "there are no files in calculators/")


@group.command()
@click.argument("name")
@click.option("--unix", metavar="NAME", help="The driver's socket by its name: /tmp/ipi_NAME.")
@click.option("--socket", "path", type=NamedPath(), metavar="PATH", help="The driver's socket by its path.")
@click.option("--inet", metavar="HOST:PORT", help="The driver's address. Anyone on the network may answer there.")
@click.option("--species", metavar="FORMULA", help="The elements in the driver's order, such as Cu32.")
@click.option(
    "--structure",
    type=NamedPath(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="A file with the same atoms, which ASE can read.",
)
@click.option("--model", metavar="NAME", help="Default: the calculator's own.")
@click.option("--device", default="cpu", metavar="NAME", help="cpu (the default), cuda, ….")
@click.option("--wait", default=WAIT_SECONDS, type=FiniteRange(min=0), metavar="SECONDS", help="For the driver; 60.")
@root_option
def drive(name: str, model: str | None, device: str, wait: float, **values: Any) -> None:
    """Calculate for a driver that speaks the i-PI protocol, until it ends: i-PI itself, or ASE.

    The calculator NAME connects to the driver's socket. The protocol tells no elements: name them with --species or
    --structure, unless the driver sends them, as that of Rootstock does.
    """
    from pipeline.ase.sessions import calculation

    address = _address(values["unix"], values["path"], values["inet"])
    structure = values["structure"]
    if structure and values["species"]:
        raise UsageError("--species and --structure say the same thing", f"pipeline calculator drive {name} --help")
    with calculation(project(), name, model, device, progress=lambda _, text: click.echo(text, err=True)) as session:
        place = None if structure is None else str(structure.absolute())
        done = session.drive(address, values["species"], place, wait)
    click.echo(f"{done} calculations")


def _address(unix: str | None, path: str | None, inet: str | None) -> str | list[str | int]:
    named = [each for each in (unix, path, inet) if each]
    if len(named) != 1:
        raise UsageError("name the driver's socket in one way: --unix, --socket or --inet")
    if inet is None:
        return str(Path(path).absolute()) if path else f"{IPI_FOLDER}/ipi_{unix}"
    host, _, port = inet.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise UsageError(f"{inet!r} is no address: a host, a colon and a port, such as localhost:31415")
    return [host, int(port)]
