"""``pipeline subtitles translate``: a translation that follows what was corrected in its original."""

import click

from pipeline.cli import completion, subtitle_words
from pipeline.cli.context import project, root_option
from pipeline.errors import PipelineError
from pipeline.jobs import editing
from pipeline.jobs.editing import EditDesk
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.text import counted, printable


@click.command()
@click.argument("id", shell_complete=completion.jobs)
@root_option
def translate(id: str) -> None:
    """Translate again what was corrected in a job's original subtitles: these sentences, and nothing else.

    "pipeline subtitles accept" does it by itself; this is for a translator that couldn't work then.
    """
    here = project()
    with editing.opened(JobStore(here.jobs).folder(id)) as desk:
        count = follow(here, desk)
        if not count:
            click.echo(f"{desk.job.id}: no translation is behind its original")
            return
        click.echo(f"run-pipeline -j {desk.job.id}   adds the subtitles to the film anew")


def follow(here: ProjectFolder, desk: EditDesk) -> int:
    """Let each translation follow what was corrected in the original; of one that can't, say what helps.

    Returns how many had something to follow.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.run import retranslation

    count = 0
    for translated in retranslation.translations(desk):
        name = translated.track.name
        try:
            followed = retranslation.follow(desk, Catalog(here), translated)
        except PipelineError as error:
            click.echo(printable(f"the translation '{name}' doesn't follow yet: {error.message}"), err=True)
            click.echo(f"pipeline subtitles translate {desk.job.id}   tries again", err=True)
            count += 1
            continue
        if followed is None:
            continue
        count += 1
        retranslation.put(here, desk, followed)
        what = counted(followed.sentences, "corrected sentence")
        click.echo(printable(f"{desk.job.id}: {what} translated again in '{name}', the rest stays as it is"))
        subtitle_words.tell_clashes(followed.edits.clashes)
        if followed.lost:
            what = f"{counted(followed.lost, 'change')} of the original couldn't be found in the translation '{name}'"
            click.echo(printable(f"{what}; look at it there"), err=True)
    return count
