"""``run-pipeline``: run prepared jobs, or go on with those that were stopped."""

import click

from pipeline.cli import completion, running
from pipeline.cli.context import project, root_option, version_option
from pipeline.errors import UsageError


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-j",
    "--job",
    "names",
    multiple=True,
    metavar="ID",
    shell_complete=completion.jobs,
    help="The job's id, or 'latest'. May be repeated: the jobs run side by side.",
)
@click.option("--all-prepared", is_flag=True, help="Every job that has not been finished, failed or cancelled.")
@click.option("--max-parallel", type=click.IntRange(1), metavar="N", help="At most so many stages at once.")
@click.option("--limit", "limits", multiple=True, metavar="NAME=AMOUNT", help="cpus=4, memory=8GiB or gpus=1.")
@click.option("--from", "start_at", metavar="STAGE", help="Only this stage and those that depend on it.")
@click.option("--until", metavar="STAGE", help="Only this stage and those that it depends on.")
@click.option("--only", metavar="STAGE", help="Only this stage.")
@click.option(
    "--force", is_flag=False, flag_value="*", metavar="[STAGE]", help="Run it, or all, even if nothing has changed."
)
@click.option("--dry-run", is_flag=True, help="Tell what would run and why; run nothing.")
@click.option("--keep-going/--fail-fast", default=True, help="After a failure, do what doesn't depend on it (default).")
@click.option("--start", type=click.Choice(["cold", "worker"]), help="How to start stages that allow it.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="A limit for each job.")
@click.option("--verify", is_flag=True, help="Read finished outputs instead of trusting their size and time.")
@root_option
@version_option
def command(
    names: tuple[str, ...],
    all_prepared: bool,
    max_parallel: int | None,
    limits: tuple[str, ...],
    start_at: str | None,
    until: str | None,
    only: str | None,
    force: str | None,
    dry_run: bool,
    keep_going: bool,
    start: str | None,
    timeout: float | None,
    verify: bool,
) -> None:
    """Run jobs' stages, each in its own environment.

    A job that was interrupted, failed or killed goes on after what is finished; a finished one does nothing.
    """
    from pipeline.host.resources import parse_limits
    from pipeline.run.bounds import Bounds
    from pipeline.run.execute import Options
    from pipeline.run.selection import Selection

    here = project()
    options = Options(
        Selection(start_at, until, only, force),
        Bounds(max_parallel, keep_going, timeout),
        parse_limits(limits),
        start,  # type: ignore[arg-type]  # click's choice
        verify,
    )
    if bool(names) == all_prepared:
        raise UsageError("name jobs with -j ID, or take them all with --all-prepared", "pipeline job list")
    folders = running.unfinished(here) if all_prepared else running.named(here, names)
    if dry_run:
        from pipeline.cli.dry_run import tell

        tell(here, folders, options)
    else:
        running.run(here, folders, options)
