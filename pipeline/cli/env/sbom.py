"""``pipeline env sbom``."""

from pathlib import Path

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.env.live_build import live_build
from pipeline.cli.model_option import models_option
from pipeline.cli.output import print_json
from pipeline.cli.value_types import NamedPath
from pipeline.config.catalog import Catalog
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.errors import NotReady
from pipeline.files import write_whole
from pipeline.permissions import share


@click.command("sbom")
@click.argument("name", shell_complete=completion.environments)
@click.option(
    "-o",
    "--output",
    "target",
    type=NamedPath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it there instead of printing it.",
)
@models_option("With this model, too, beside those that the environment names")
@json_option
@root_option
def command(name: str, target: Path | None, models: tuple[str, ...], as_json: bool) -> None:
    """Print an environment's bill of materials, in CycloneDX 1.6 (JSON).

    It has the interpreter and every installed package, with versions, licenses, dependencies, and the hashes that the
    lock allows; and the models, with their commits, licenses and the SHA-256 of each file. With -o, --json says where
    it was written.
    """
    from pipeline.envs.inventory import sbom
    from pipeline.models import bill_of_materials

    definition, build = live_build(name)
    catalog = Catalog(project())
    specs = map(catalog.model, dict.fromkeys((*definition.models, *models)))
    text = sbom.document(build, _hashes(definition, build), [bill_of_materials.component(spec) for spec in specs])
    if target is None:
        click.echo(text, nl=False)
        return
    try:
        _write(target, text.encode("utf-8"))
    except OSError as error:
        raise NotReady(f"{target} can't be written: {error.strerror}", "choose another place") from error
    if as_json:
        print_json("environment-sbom", {"name": name, "key": build.key, "file": str(target)})
    else:
        click.echo(f"written to {target}")


def _write(target: Path, data: bytes) -> None:
    """Into a device or a pipe, or in place of a plain file. A device that is replaced is gone for the whole machine."""
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return
    write_whole(target, data)
    share(target)


def _hashes(definition: Definition, build: Build) -> dict[str, frozenset[str]]:
    """SHA-256 by package; empty where the lock has changed since the build."""
    from pipeline.envs.lockfiles.lockfile import parse

    if definition.lock is None or definition.lock_digest() != build.own_marker.key_input.lock:
        return {}
    lock = parse(definition.lock.read_text(encoding="utf-8-sig"))
    return {pin.name: pin.sha256 for pin in lock.on(build.python_version)}
