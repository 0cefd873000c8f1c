"""``pipeline package install``."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli import setup_display
from pipeline.cli.context import json_option
from pipeline.cli.output import print_json
from pipeline.cli.package.options import file_argument, progress, read, signers_option

if TYPE_CHECKING:
    from pipeline.packages.store import PackageFolder


@click.command("install")
@file_argument
@click.option("--build", is_flag=True, help="Build its environments, too, which may take minutes.")
@signers_option
@json_option
def command(file: Path, build: bool, signers: Path | None, as_json: bool) -> None:
    """Check a package, and put it into the user's folder of packages. Nothing of it runs.

    The same package once more changes nothing. With --build, its environments are built: offline where it has their
    packages inside, else as 'bootstrap' does.
    """
    from pipeline.packages import install

    package, signer = read(file, signers)
    done = install.install(package, progress)
    if build:
        build_environments(done.package)
    folder = done.package.folder
    if as_json:
        identity = {"name": package.name, "identity": package.identity, "folder": str(folder)}
        print_json("package-install", {**identity, "is_new": done.is_new, "is_built": build, "signer": signer})
        return
    click.echo(f"{package.identity}: {'installed' if done.is_new else 'is installed already'}, {folder}")
    if not build:
        click.echo(f"next:  pipeline package install {file} --build   builds its environments")


def build_environments(package: "PackageFolder") -> None:
    """Raises what keeps one from being built."""
    from pipeline.packages import install
    from pipeline.setup.tasks import carry_out, raise_together

    setup_display.handle_signals()
    with setup_display.display() as display:
        tasks = list(install.build(package, partial(display.doing, "package")))
        display.done("package", "in its place")
        raise_together(carry_out(tasks, display, None))
