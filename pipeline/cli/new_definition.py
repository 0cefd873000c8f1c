"""Writing the files of a new stage, environment or workflow, and what is said about it."""

from collections.abc import Sequence

import click

from pipeline.cli.output import print_json
from pipeline.errors import UsageError
from pipeline.project import ProjectFolder
from pipeline.scaffold import editor_schemas, new_files
from pipeline.scaffold.new_files import NewFile
from pipeline.text import printable


def write(
    here: ProjectFolder, kind: str, name: str, files: Sequence[NewFile], commands: Sequence[str], as_json: bool
) -> None:
    """Write and tell. Raises ``UsageError`` where a file is there already, or can't be written."""
    new_files.require_room(here.root, files, "choose another name, or change the file that is there")
    try:
        editor_schemas.refresh(here)
        new_files.write(here.root, files)
    except OSError as error:
        shown = printable(str(error.filename or here.root))
        raise UsageError(f"{shown} can't be written: {error.strerror}; nothing was written", "ls -ld .") from error
    paths = [each.path for each in files]
    if as_json:
        print_json(f"{kind}-new", {"name": name, "files": paths, "next": list(commands)})
        return
    for path in paths:
        click.echo(f"{path} written")
    for index, each in enumerate(commands):
        click.echo(f"{'      ' if index else 'next: '}{each}")
