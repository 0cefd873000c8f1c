"""``pipeline package show``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from pipeline.cli.context import json_option
from pipeline.cli.output import print_json
from pipeline.cli.package.options import file_argument, read, signers_option
from pipeline.sizes import show_size


@click.command("show")
@file_argument
@signers_option
@json_option
def command(file: Path, signers: Path | None, as_json: bool) -> None:
    """Check a package, and say what is in it. Nothing is written, and nothing of it runs."""
    package, signer = read(file, signers)
    manifest = package.manifest
    if as_json:
        print_json("package", {**manifest, "identity": package.identity, "digest": package.digest, "signer": signer})
        return
    click.echo(
        f"{package.name}   a package of pipeline {manifest['requires']} or newer, installed as {package.identity}"
    )
    if signer:
        click.echo(f"signed by     {signer}")
    click.echo(f"environments  {_environments(package.manifest)}")
    models = [f"{name} (inside)" if each["inside"] else name for name, each in manifest["models"].items()]
    click.echo(f"models        {', '.join(models) or 'none'}")
    click.echo(f"files         {len(manifest['files'])}, {show_size(package.archive.size)}:")
    for name, described in manifest["files"].items():
        click.echo(f"  {show_size(described['size']):>10}  {name}")


def _environments(manifest: Mapping[str, Any]) -> str:
    inside = f"   (packages inside, for {manifest['platform']})" if manifest["platform"] else ""
    return f"{', '.join(manifest['environments'])}{inside}"
