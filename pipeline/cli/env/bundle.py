"""``pipeline env bundle``."""

from pathlib import Path

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.model_option import models_option
from pipeline.cli.output import print_json
from pipeline.cli.value_types import NamedPath
from pipeline.config.catalog import Catalog
from pipeline.digests import sha256_of_file
from pipeline.errors import UsageError
from pipeline.sizes import show_size


@click.command("bundle")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=completion.environments)
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=NamedPath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write it.",
)
@models_option("With this model, too, beside those that the environments name")
@json_option
@root_option
def command(names: tuple[str, ...], target: Path, models: tuple[str, ...], as_json: bool) -> None:
    """Put environments into one file, for a machine like this one that has no network.

    It holds their definitions and locks, every package, their models, uv, and the interpreter where uv keeps it.
    On that machine, 'bootstrap --from-bundle FILE' builds them.
    """
    from pipeline.bundles import make

    target = target.absolute()
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}", f"mkdir -p {target.parent}")
    if target.exists() and not target.is_file():  # a device, say, which a file must not replace
        raise UsageError(f"{target} isn't a plain file", "choose another place")
    contents = make.make(Catalog(project()), names, target, lambda step: click.echo(step, err=True), models)
    size, digest = target.stat().st_size, sha256_of_file(target)
    data = {"file": str(target), "size": size, "sha256": digest.removeprefix("sha256:")}
    if as_json:
        print_json("environment-bundle", {**data, "environments": contents.environments, "models": [*contents.models]})
        return
    click.echo(f"{target}: {show_size(size)}, {len(contents.members)} files, SHA-256 {data['sha256']}")
    for name, environment in contents.environments.items():
        if environment["interpreter"] is None:
            click.echo(
                f"{name} needs Python {environment['python'].rpartition('.')[0]} there: that of this system"
                " can't be put into a bundle"
            )
    click.echo(f"there:  bootstrap --from-bundle {target.name}")
