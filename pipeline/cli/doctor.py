"""``pipeline doctor``."""

import sys

import click

from pipeline.cli import completion
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.errors import ExitCode


@click.command("doctor")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completion.environments)
@click.option("--deep", is_flag=True, help="Read every byte, and try each environment's imports.")
@json_option
@root_option
def command(names: tuple[str, ...], deep: bool, as_json: bool) -> None:
    """Find problems of environments, their models and the disks, and show the command that repairs each.

    Without --deep, the sizes and times of all files are compared with those at the build. That can't see a changed
    byte in a file whose size and time are the same; --deep can, and takes a second for some hundred MiB.

    The exit code is 3 where something is wrong.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.envs.verification.diagnosis import diagnose
    from pipeline.setup import doctor

    findings = doctor.check(Catalog(project()), names, deep)
    report = diagnose(findings)
    checked = [each.name for each in findings.environments]
    rows = [
        {
            "subject": each.subject,
            "fault": each.kind.value,
            "what": each.description,
            "next": each.repair,
            "grave": each.is_grave,
        }
        for each in report.problems
    ]
    if as_json:
        print_json("doctor", {"healthy": report.is_healthy, "deep": deep, "environments": checked, "diagnoses": rows})
    else:
        cells = [[str(row[column]) for column in ("subject", "fault", "what", "next")] for row in rows]
        shown = ", ".join(checked) or "no environment is defined"
        print_table(["about", "fault", "what", "next"], cells, f"nothing is wrong: {shown}")
    if not report.is_healthy:
        sys.exit(ExitCode.NOT_READY)
