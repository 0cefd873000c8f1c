"""``pipeline workflow graph``."""

from pathlib import Path
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.drawing_options import format_option, give, output_option
from pipeline.cli.output import print_json
from pipeline.config.catalog import Catalog
from pipeline.diagrams import graph as graphs
from pipeline.diagrams import mermaid, rails, svg
from pipeline.diagrams.graph import StageGraph
from pipeline.errors import UsageError
from pipeline.jobs.store import JobStore
from pipeline.values import plain


@click.command("graph")
@click.argument("name", required=False, shell_complete=completion.workflows)
@click.option("--job", "job", metavar="ID", shell_complete=completion.jobs, help="The plan of this job instead.")
@format_option({"text": "a terminal", "mermaid": "Markdown", "svg": "a picture"})
@output_option
@json_option
@root_option
def command(name: str | None, job: str | None, form: str, output: Path | None, as_json: bool) -> None:
    """Draw which stage of a workflow needs which, with environments, fan-outs and conditions."""
    if (name is None) == (job is None):
        raise UsageError("name a workflow, or a job with --job", "pipeline workflow list")
    graph = _graph(name, job)
    if as_json:
        print_json("workflow-graph", _plain(graph))
    else:
        give(_drawn(graph, form), output)


def _drawn(graph: StageGraph, form: str) -> str:
    if form == "mermaid":
        return mermaid.text(graph)
    return svg.text(graph) if form == "svg" else "".join(f"{line}\n" for line in rails.lines(graph))


def _graph(name: str | None, job: str | None) -> StageGraph:
    here = project()
    if job is not None:
        return graphs.of_plan(JobStore(here.jobs).find(job).plan)
    catalog = Catalog(here)
    return graphs.of_workflow(catalog.workflow(str(name)), catalog)


def _plain(graph: StageGraph) -> dict[str, Any]:
    stages = [{**plain(stage), "environment": stage.environment or None} for stage in graph.stages]
    return {"title": graph.title, "stages": stages, "lines": [plain(line) for line in graph.lines]}
