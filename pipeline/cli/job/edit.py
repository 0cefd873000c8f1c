"""``pipeline job edit``."""

from pathlib import Path

import click

from pipeline.cli import completion
from pipeline.cli.context import project, root_option
from pipeline.cli.value_types import NamedPath
from pipeline.errors import InputError, UsageError
from pipeline.jobs import items, job_editor
from pipeline.jobs.job_editor import EditSource, JobEditor
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.text import printable


@click.command("edit")
@click.argument("id", shell_complete=completion.jobs)
@click.argument("output", metavar="STAGE[.OUTPUT]")
@click.argument("file", required=False, type=NamedPath(path_type=Path))
@click.option("--keep", is_flag=True, help="Use the edited files although the stage has made something else since.")
@click.option("--drop", is_flag=True, help="Use what the stage has made, and no edit of it.")
@click.option("--by", default="", metavar="NAME", help="Who has edited it; default: your user name.")
@root_option
def command(id: str, output: str, file: Path | None, keep: bool, drop: bool, by: str) -> None:
    """Let FILE stand for an output of a stage, as you have edited it.

    The next run of the job redoes what depends on it. The stage's own result stays, and no other job gets the edited
    one.
    """
    if [file is not None, keep, drop].count(True) != 1:
        raise UsageError("name the edited file, or say --keep or --drop", "pipeline job edit --help")
    who = by.strip() or job_editor.caller()
    here = project()
    with job_editor.opened(JobStore(here.jobs).folder(id)) as desk:
        shown, _, name = output.partition(".")
        stage = items.internal_name(desk.job, shown)
        said = _put(here, desk, stage, name, file, who) if file else _decided(desk, stage, who, keep)
        click.echo(printable(f"{desk.job.id}: {said}"))
        click.echo(f"run-pipeline -j {desk.job.id}   makes what depends on it")


def _decided(desk: JobEditor, stage: str, who: str, keep: bool) -> str:
    if keep:
        desk.keep(stage, who)
        return f"the edit of stage '{stage}' counts for its result of now"
    desk.drop(stage, who)
    return f"the outputs of stage '{stage}' count again as it made them"


def _put(here: ProjectFolder, desk: JobEditor, stage: str, name: str, file: Path, who: str) -> str:
    from pipeline.run import edit_promises

    made = desk.made(stage).outputs
    name = name or (next(iter(made)) if len(made) == 1 else "")
    if not name:
        raise UsageError(f"say which output of stage '{stage}' it is: {', '.join(f'{stage}.{each}' for each in made)}")
    try:
        data = file.read_bytes()
        source = EditSource.of(file)
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}") from error
    desk.output(stage, name)
    edit_promises.require(here, desk, stage, {name: data}, str(file))
    if desk.put(stage, {name: data}, who, source) is None:
        return f"{file} says what the output '{name}' of stage '{stage}' says already"
    return f"{file} stands for the output '{name}' of stage '{stage}'"
