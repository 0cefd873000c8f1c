"""``pipeline job why``."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.jobs import items
from pipeline.jobs.stage_names import chosen
from pipeline.jobs.state import Status
from pipeline.jobs.store import JobStore
from pipeline.jobs.why import StageExplanation, explain
from pipeline.text import printable

NAMED = 5  # stages of which the same is to be said; of more, their number is told
SHOWN_WIDTH = 80  # characters of a changed value


@click.command("why")
@click.argument("id", shell_complete=completion.jobs)
@click.argument("stage", required=False)
@click.option("--verbose", "-v", is_flag=True, help="Also show what was compared: digests and values.")
@json_option
@root_option
def command(id: str, stage: str | None, verbose: bool, as_json: bool) -> None:
    """Say why each stage ran or was reused, or only STAGE: what has changed since it ran before."""
    store = JobStore(project().jobs)
    job = store.find(id)
    names = chosen(job, stage)
    found = [each for each in explain(job, store) if each.stage in names]
    if as_json:
        print_json("job-why", [asdict(each) for each in found])
        return
    shown = items.shown_names(job, job.loaded)
    for names_alike, nodes, each in _alike(found):
        who = ", ".join(shown.get(name, name) for name in names_alike[:NAMED])
        more = f" and {len(names_alike) - NAMED} more" if len(names_alike) > NAMED else ""
        click.echo(printable(f"{who}{more}: {_what(each, nodes)}{f': {each.because}' if each.because else ''}"))
        for change in each.changes:
            click.echo(printable(f"    {change.words}"))
            if verbose:
                click.echo(printable(f"        {change.part}: {_shown(change.before)} -> {_shown(change.after)}"))
    if job.state().status is Status.EDITED:
        click.echo(f"an output was edited since; what the next run does, and why:\nrun-pipeline -j {job.id} --dry-run")


def _what(each: StageExplanation, nodes: Sequence[str]) -> str:
    """``ran on node1``, ``failed on node2 (node lost)``."""
    more = f" and {len(nodes) - NAMED} more" if len(nodes) > NAMED else ""
    where = f" on {', '.join(nodes[:NAMED])}{more}" if nodes else ""
    return f"{each.what}{where}{f' ({each.kind})' if each.kind else ''}"


def _alike(found: Sequence[StageExplanation]) -> Iterator[tuple[list[str], list[str], StageExplanation]]:
    """Stages of which the same is to be said, where the first of them stands; and the nodes that they ran on."""
    groups: dict[str, list[StageExplanation]] = {}
    for each in found:
        groups.setdefault(repr(replace(each, stage="", node="")), []).append(each)
    for group in groups.values():
        nodes = sorted({each.node for each in group if each.node})
        yield [each.stage for each in group], nodes, group[0]


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_WIDTH else f"{text[:SHOWN_WIDTH]}..."
