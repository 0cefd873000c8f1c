"""``pipeline cluster list``."""

from typing import Any

import click

from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.cluster.definitions import cluster_file
from pipeline.cluster.definitions.cluster_definition import (
    ClusterDefinition,
    KubernetesPods,
    SchedulerAddress,
    SlurmJobs,
    SshHosts,
)


@click.command("list")
@json_option
@root_option
def command(as_json: bool) -> None:
    """List the clusters that config/clusters.yaml defines."""
    rows = [row(each) for _, each in sorted(cluster_file.load(project()).items())]
    if as_json:
        print_json("cluster-list", rows)
        return
    cells = [[row["name"], row["kind"], row["where"], row["nodes"], " ".join(row["labels"])] for row in rows]
    print_table(["cluster", "kind", "where", "nodes", "labels"], cells, "config/clusters.yaml defines no cluster")


def row(definition: ClusterDefinition) -> dict[str, Any]:
    """A definition as JSON."""
    return {
        "name": definition.name,
        "kind": definition.kind,
        "where": _where(definition),
        "nodes": _nodes(definition),
        "labels": list(definition.labels),
        "licences": dict(definition.licences),
        "node_folder": definition.node_folder,
        "shared": [str(each) for each in definition.shared],
        "packages": definition.packages,
    }


def _where(definition: ClusterDefinition) -> str:
    deployment = definition.deployment
    if isinstance(deployment, SchedulerAddress):
        return deployment.address
    if isinstance(deployment, SshHosts):
        return " ".join(deployment.hosts)
    if isinstance(deployment, KubernetesPods):
        return " ".join(each for each in (deployment.context, deployment.namespace) if each)
    return deployment.queue if isinstance(deployment, SlurmJobs) else ""


def _nodes(definition: ClusterDefinition) -> str:
    """How many there may be; those of a scheduler that runs already are its own."""
    if not definition.is_made:
        return ""
    least, most = definition.nodes.least, definition.nodes.most
    return str(most) if least == most else f"{least} to {most}"
