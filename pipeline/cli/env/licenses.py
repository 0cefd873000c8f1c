"""``pipeline env licenses``."""

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, root_option
from pipeline.cli.env.live_build import live_build
from pipeline.cli.output import print_json, print_table
from pipeline.envs.inventory.packages import installed_packages
from pipeline.text import printable


@click.command("licenses")
@click.argument("name", shell_complete=completion.environments)
@json_option
@root_option
def command(name: str, as_json: bool) -> None:
    """Show the licenses of an environment's packages, from the packages' own metadata.

    The last column says which field names the license: an SPDX expression, a classifier, or a free field, from the
    clearest to the least clear. Packages that name none are listed below.
    """
    _, build = live_build(name)
    packages = installed_packages(build)
    if as_json:
        rows = [
            {
                "name": package.shown,
                "version": package.version,
                "license": package.license.text or None,
                "source": package.license.source,
                "files": list(package.license.files),
            }
            for package in packages
        ]
        print_json("environment-licenses", rows)
        return
    cells = [
        [
            printable(package.shown),
            package.version,
            printable(package.license.text) or "unknown",
            package.license.source,
        ]
        for package in packages
    ]
    print_table(["package", "version", "license", "named by"], cells, "no package is installed")
    if unknown := [package.shown for package in packages if not package.license.text]:
        click.echo(
            f"these packages don't say which license they have: {', '.join(unknown)}; look into their"
            " files, or ask their authors"
        )
