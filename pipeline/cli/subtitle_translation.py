"""Translations that follow what was corrected in their original."""

import click

from pipeline.cli import subtitle_words
from pipeline.cli.context import project
from pipeline.errors import PipelineError
from pipeline.jobs import editing
from pipeline.jobs.editing import EditDesk
from pipeline.jobs.store import JobStore
from pipeline.project import ProjectFolder
from pipeline.text import counted, printable


def catch_up(id: str) -> None:
    """Let the translations of a job follow what was corrected, and say what came of it."""
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
    from pipeline.run import retranslation, translated_tracks

    count = 0
    for translated in translated_tracks.translations(desk):
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
        what = counted(followed.sentences, "sentence")
        words = f"{what} of '{name}' translated again, the rest stays as it is"
        taken_back = f"'{name}' is again as it was translated, as is its original"
        click.echo(printable(f"{desk.job.id}: {words if followed.sentences else taken_back}"))
        subtitle_words.tell_clashes(followed.edits.clashes)
        if followed.lost:
            what = f"{counted(followed.lost, 'change')} of the original couldn't be found in the translation '{name}'"
            click.echo(printable(f"{what}; look at it there"), err=True)
    return count
