"""``pipeline cluster certificates``."""

import shlex
from datetime import UTC, datetime

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json
from pipeline.cluster.certificates import authority
from pipeline.cluster.certificates.authority import DAYS
from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.cluster.definitions import cluster_file
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, SchedulerAddress
from pipeline.cluster.definitions.cluster_secrets import secrets_of


@click.command("certificates")
@click.argument("name", shell_complete=completion.clusters)
@click.option("--days", type=click.IntRange(1, 3650), default=DAYS, show_default=True, help="How long they are good.")
@click.option("--force", is_flag=True, help="Make new ones in place of those that are there.")
@json_option
@root_option
def command(name: str, days: int, force: bool, as_json: bool) -> None:
    """Make the certificates of a cluster, or show when those that are there end.

    Its scheduler, its workers and the nodes' agents have them, and let nobody in who has none of the same authority.
    For a cluster that is made for a run they are made by themselves.
    """
    definition = cluster_file.named(project(), name)
    secrets = secrets_of(project(), name)
    files = CertificateFiles(secrets.certificates)
    is_made = force or not files.are_there
    if is_made:
        secrets.make()
        authority.make(files, days)
    expiry = files.expiry()
    if as_json:
        data = {
            "folder": str(files.folder),
            "made": is_made,
            "ends": expiry.isoformat(),
            "files": [str(each) for each in files.all],
        }
        print_json("cluster-certificates", data)
        return
    click.echo(f"{'made' if is_made else 'there already'}: {files.folder}")
    if expiry <= datetime.now(UTC):
        click.echo(f"they ended on {expiry:%Y-%m-%d %H:%M} UTC; this makes new ones")
        click.echo(f"pipeline cluster certificates {shlex.quote(name)} --force")
    else:
        click.echo(f"good until {expiry:%Y-%m-%d %H:%M} UTC")
    _say_start(definition, files)


def _say_start(definition: ClusterDefinition, files: CertificateFiles) -> None:
    """Who starts a scheduler by hand needs them on its command line, and on those of its workers."""
    if not isinstance(definition.deployment, SchedulerAddress):
        return
    certificate, key = str(files.certificate("node")), str(files.key("node"))
    options = shlex.join(["--tls-ca-file", str(files.authority), "--tls-cert", certificate, "--tls-key", key])
    # without a dashboard Dask still has pages, such as those with its workers' names
    closed = "--no-dashboard --dashboard-address 127.0.0.1:0"
    click.echo("the cluster's scheduler and each of its workers are started with them:")
    click.echo(f"  dask scheduler --protocol tls {closed} {options}")
    click.echo(f"  dask worker {definition.deployment.address} --nworkers 1 {closed} {options}")
