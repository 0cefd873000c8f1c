"""``pipeline cluster show``."""

import threading
from typing import Any

import click

from pipeline.cli import completion
from pipeline.cli.cluster.list import row
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.cluster.definitions import cluster_file
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition
from pipeline.cluster.inspection import ClusterView, look
from pipeline.cluster.membership import members_of
from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.sizes import show_size

FACTS = ("name", "kind", "where", "nodes", "labels", "licences", "node_folder", "shared", "packages")


@click.command("show")
@click.argument("name", metavar="NAME|ADDRESS", shell_complete=completion.clusters)
@click.option("--start", is_flag=True, help="Start all nodes of a cluster that is made for runs, and end them again.")
@click.option("--seconds", type=click.FloatRange(1), default=30.0, show_default=True, help="How long to wait.")
@json_option
@root_option
def command(name: str, start: bool, seconds: float, as_json: bool) -> None:
    """Show one cluster: what is said of it, and the nodes that it has now.

    NAME is one of config/clusters.yaml; ADDRESS that of a Dask scheduler, such as tcp://127.0.0.1:8786.
    """
    definition = cluster_file.named(project(), name)
    is_looked_at = start or not definition.is_made
    view = _view(definition, seconds) if is_looked_at else ClusterView((), (), {})
    if as_json:
        print_json(
            "cluster",
            {**row(definition), "now": [_node(each, view) for each in view.nodes], "problems": dict(view.problems)},
        )
        return
    facts = row(definition)
    click.echo("".join(f"{key}: {_shown(facts[key])}\n" for key in FACTS if facts[key]), nl=False)
    if not is_looked_at:
        click.echo("its nodes are made when a run needs them; this shows whether they come")
        click.echo(f"pipeline cluster show {name} --start")
        return
    cells = [_cells(each, view) for each in view.nodes]
    heads = ["node", "host", "cpus", "memory", "gpus", "job", "time left", "runs"]
    print_table(heads, cells, "no node has come", spare=("job", "runs"))
    for place, words in view.problems:
        click.echo(f"{place}: {words}")


def _view(definition: ClusterDefinition, seconds: float) -> ClusterView:
    changed = threading.Event()
    members = members_of(project(), definition, changed.set)
    try:
        members.want(definition.nodes.most)
        return look(members, changed, seconds)
    finally:
        members.close()


def _node(node: NodeAnnouncement, view: ClusterView) -> dict[str, Any]:
    return {
        "name": node.name,
        "host": node.host,
        "address": node.address,
        "cpus": node.cpus,
        "memory": node.memory,
        "gpus": list(node.gpus),
        "labels": list(node.labels),
        "seconds_left": node.seconds_left,
        "batch_job": node.batch_job or None,
        "runs": [{"job": each.job, "stage": each.stage} for each in view.running.get(node.name, ())],
    }


def _cells(node: NodeAnnouncement, view: ClusterView) -> list[str]:
    left = "" if node.seconds_left is None else f"{node.seconds_left / 60:.0f} min"
    memory = show_size(node.memory) if node.memory else ""
    runs = ", ".join(f"{each.job} {each.stage}" for each in view.running.get(node.name, ()))
    return [node.name, node.host, f"{node.cpus:g}", memory, str(len(node.gpus) or ""), node.batch_job, left, runs]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={each}" for key, each in value.items())
    return " ".join(value) if isinstance(value, list) else str(value)
