"""``pipeline package make``."""

import os
from pathlib import Path

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.cli.package.options import progress
from pipeline.cli.value_types import NamedPath
from pipeline.config.catalog import Catalog
from pipeline.digests import sha256_of_file
from pipeline.errors import UsageError
from pipeline.sizes import show_size

HELP = "pipeline package make --help"


@click.command("make")
@click.argument("workflow", shell_complete=completion.workflows)
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=NamedPath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write it.",
)
@click.option("--with-models", is_flag=True, help="With the files of the models that the workflow names.")
@click.option(
    "--with-environments",
    is_flag=True,
    help="With every package of its environments, for machines like this one that have no network.",
)
@click.option(
    "--environment",
    "environments",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.environments,
    help="With the packages of this environment alone; may be repeated.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="With the files of this model alone, one that the workflow may use; may be repeated.",
)
@click.option(
    "--sign",
    "key",
    metavar="KEY",
    type=NamedPath(path_type=Path, exists=True, dir_okay=False),
    help="Write FILE.sig, too: a signature with this private key, by ssh-keygen.",
)
@json_option
@root_option
def command(
    workflow: str,
    target: Path,
    with_models: bool,
    with_environments: bool,
    environments: tuple[str, ...],
    models: tuple[str, ...],
    key: Path | None,
    as_json: bool,
) -> None:
    """Put WORKFLOW with its stages, environments' locks and models' digests into one file.

    On another machine, 'pipeline package run FILE INPUT' installs and runs it.
    """
    from pipeline.packages import make, package_signature

    target = Path(os.path.abspath(target))
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}", f"mkdir -p {target.parent}")
    if target.exists() and not target.is_file():  # a device, say, which a file must not replace
        raise UsageError(f"{target} isn't a plain file", "choose another place")
    if (with_models and models) or (with_environments and environments):
        raise UsageError(
            "--with-models and --with-environments mean all: name none beside them", "pipeline package make --help"
        )
    carried = make.CarriedFiles(environments, models, with_environments, with_models)
    made = make.make(Catalog(project()), workflow, target, progress, carried)
    signature = package_signature.sign(target, key) if key else None
    size, digest = target.stat().st_size, sha256_of_file(target).removeprefix("sha256:")
    if as_json:
        data = {"file": str(target), "size": size, "sha256": digest, "signature": signature and str(signature)}
        print_json("package", {**data, **{name: made[name] for name in ("name", "requires", "environments", "models")}})
        return
    click.echo(f"{target}: {show_size(size)}, SHA-256 {digest}")
    if signature:
        click.echo(f"signature: {signature}")
    click.echo(f"there:  pipeline package run {target.name} INPUT")
