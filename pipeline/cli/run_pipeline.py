"""``run-pipeline``: run prepared jobs, or go on with those that were stopped.

Nothing is imported before ``main`` has switched off the search for garbage, of which imports make none.
"""

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.project import ProjectFolder
    from pipeline.run.execution import Options


def perform(words: "Sequence[str]") -> None:
    """Do what the words ask for. Raises the error that fits."""
    from pipeline.cli.options import HELP, click_command, parse
    from pipeline.cli.run_options import NAME, OPTIONS, TEXT, execution_options
    from pipeline.cli.words import require_no_blank
    from pipeline.errors import UsageError

    require_no_blank(NAME, words)
    if any(word in HELP for word in words) or f"_{NAME.replace('-', '_').upper()}_COMPLETE" in os.environ:
        click_command(NAME, TEXT, OPTIONS).main(list(words), NAME, standalone_mode=False)
        return
    values = parse(NAME, words, OPTIONS)
    from pipeline.cli import runner
    from pipeline.location import locate
    from pipeline.permissions import keep_private

    options, here = execution_options(values), locate(values["root"])
    if not here.shared:
        keep_private(here.personal_folders)
    if bool(values["jobs"]) == bool(values["all"]):
        raise UsageError("name jobs with -j ID, or take them all with --all-prepared", "pipeline job list")
    folders = runner.unfinished(here) if values["all"] else runner.named(here, values["jobs"])
    if values["dry_run"]:
        _forecast(here, folders, options, bool(values["json"]))
    else:
        runner.run(here, folders, options, bool(values["json"]), is_quiet=bool(values["quiet"]))


def _forecast(here: "ProjectFolder", folders: "Sequence[Path]", options: "Options", as_json: bool) -> None:
    """What would run, and why; nothing is started or written."""
    import json
    from dataclasses import asdict

    import click

    from pipeline.cache.store import ResultStore
    from pipeline.cli.output import print_table
    from pipeline.jobs import output_edits
    from pipeline.jobs.job import load
    from pipeline.jobs.results import Results
    from pipeline.run.forecast import forecast
    from pipeline.run.output_signatures import OutputSignatures
    from pipeline.run.reuse import Reuse
    from pipeline.run.selected_stages import choose
    from pipeline.run.stage_key import StageKeys

    store = ResultStore(here.results)
    for job in map(load, folders):
        reuse = Reuse(job, job.loaded, store, OutputSignatures(job), options.verify)
        results = Results(output_edits.of_state(job, job.loaded))
        found = forecast(choose(job, options.selection), reuse, StageKeys(here, job, results, os.environ))
        if as_json:
            for each in found:
                click.echo(json.dumps({"event": "forecast", "job": job.id, **asdict(each)}))
            continue
        click.echo(f"{job.id}: workflow {job.plan.workflow}")
        rows = [[each.stage, each.environment, each.verdict, each.why] for each in found]
        print_table(["stage", "environment", "would", "why"], rows, "")


def main() -> None:
    gc.disable()  # the run itself enables it
    from pipeline.cli import module_finder, stand_ins

    module_finder.install()
    with stand_ins.present():
        import pipeline.values  # noqa: F401  # and with it msgspec
        from pipeline.cli import handler

    # To take the interpreter down in order takes longer than a small job's whole work.
    os._exit(handler.code_of(lambda: perform(sys.argv[1:])))
