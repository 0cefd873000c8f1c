"""``pipeline init``: begin a project."""

import contextlib
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from pipeline.cli.context import json_option
from pipeline.cli.output import print_json
from pipeline.cli.value_types import NamedPath
from pipeline.errors import PipelineError, UsageError
from pipeline.location import locate
from pipeline.project import ROOT_VARIABLE
from pipeline.scaffold import new_project
from pipeline.scaffold.example_files import BARE, DEFAULT, EXAMPLES, Example
from pipeline.scaffold.new_project import ProjectDraft
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.scaffold.adoption.values import AdoptedProject

EXAMPLES_HELP = "; ".join(f"{each.name}: {each.about}" for each in EXAMPLES.values())


@click.command("init")
@click.argument("folder", type=NamedPath(path_type=Path), default=".")
@click.option("--example", type=click.Choice(list(EXAMPLES)), help=f"What it begins with ({EXAMPLES_HELP}).")
@click.option("--bare", is_flag=True, help="Begin with settings alone.")
@click.option(
    "--from",
    "source",
    type=NamedPath(path_type=Path),
    metavar="FILE",
    help="Take over what can be read of a Snakefile, of a requirements.txt, or of a folder with one in each folder.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--yes", is_flag=True, help="Don't ask whether to write into a folder that has other files.")
@json_option
def command(
    folder: Path, example: str | None, bare: bool, source: Path | None, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Begin a project in FOLDER, or here: settings, a workflow, its stage and environment, and lines in .gitignore.

    Files that are there already stay as they are: where one is in the way, nothing is written.
    """
    if sum(map(bool, (example, bare, source))) > 1:
        raise UsageError("--example, --bare and --from don't go together", "pipeline init --help")
    adopted = _adopted(source) if source else None
    chosen = BARE if bare or adopted else EXAMPLES[example or DEFAULT]
    project = new_project.draft(folder, chosen, adopted.files if adopted else ())
    asks = not (yes or as_json or dry_run or example or bare or source)
    if asks and _may_ask() and not _confirmed(project):
        raise UsageError("nothing was written", "pipeline init FOLDER   (in a folder of its own)")
    if not dry_run:
        new_project.write(project)
    following = adopted.next_commands if adopted else new_project.next_commands(chosen)
    commands = _begin_again(folder, chosen, source) if dry_run else _next(project, folder, following)
    left = [str(each) for each in adopted.left_out] if adopted else []
    if as_json:
        print_json("init", {**_plain(project, dry_run, commands), "left_out": left})
    else:
        _show(project, dry_run, left, commands)


def _adopted(source: Path) -> "AdoptedProject":
    from pipeline.scaffold.adoption import sources  # brings the parser of requirements with it

    return sources.adopted(source)


def _may_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _confirmed(project: ProjectDraft) -> bool:
    others = [path.name for path in project.root.iterdir() if path.name != ".git"] if project.root.is_dir() else []
    if not others:
        return True
    count = len(project.shown_files)
    return click.confirm(f"{project.root} has other files. Write {count} new ones beside them?", default=True, err=True)


def _begin_again(folder: Path, example: Example, source: Path | None) -> list[str]:
    chosen = "--bare" if example is BARE else f"--example {example.name}"
    if source:
        chosen = f"--from {quote(str(source))}"
    return [f"pipeline init {quote(str(folder))} {chosen}"]


def _next(project: ProjectDraft, folder: Path, following: list[str]) -> list[str]:
    entered = [f"cd {quote(str(folder))}"] if Path.cwd() != project.root else []
    named = [] if _is_found(project.root) else [f"export {ROOT_VARIABLE}={quote(str(project.root))}"]
    return [*entered, *named, *following]


def _is_found(root: Path) -> bool:
    """Whether commands that are given in the folder work on this project, and on no other."""
    try:
        with contextlib.chdir(root):
            return locate(None).root == root.resolve()
    except PipelineError:
        return False


def _plain(project: ProjectDraft, dry_run: bool, commands: list[str]) -> dict[str, object]:
    return {
        "root": str(project.root),
        "example": project.example.name,
        "written": not dry_run,
        "files": project.shown_files,
        "ignored": project.ignored.content.decode().split("\n")[:-1] if project.ignored else [],
        "next": commands,
    }


def _show(project: ProjectDraft, dry_run: bool, left: list[str], commands: list[str]) -> None:
    click.echo(f"{'this would be written to' if dry_run else 'written to'} {project.root}:")
    for path in project.shown_files:
        click.echo(f"  {path}")
    click.echo("  config/.schemas/ (for editors; not for version control)")
    if project.ignored:
        click.echo("  .gitignore (lines added)")
    if left:
        click.echo("left out, for you to look at:")
        for line in left:
            click.echo(f"  {printable(line)}")
    for index, each in enumerate(commands):
        click.echo(f"{'      ' if index else 'next: '}{each}")
