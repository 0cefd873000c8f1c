"""``prepare-job``: check everything, freeze the plan, print the job's id."""

from pathlib import Path

import click

from pipeline.cli import completion, handler
from pipeline.cli.context import json_option, project, root_option, version_option
from pipeline.errors import UsageError
from pipeline.text import printable

SHORTCUTS = ("transcribe", "translate", "subtitle")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("media", type=click.Path(path_type=Path))
@click.option("--transcribe", is_flag=True, help="The workflow 'transcribe'.")
@click.option("--translate", is_flag=True, help="The workflow 'translate'.")
@click.option("--subtitle", is_flag=True, help="The workflow 'subtitle'.")
@click.option("--workflow", metavar="NAME", shell_complete=completion.workflows, help="Any workflow by its name.")
@click.option("-s", "--source-language", metavar="CODE", help="Language that is spoken; default: detect it.")
@click.option(
    "-t", "--target-language", "targets", metavar="CODE", multiple=True, help="May be repeated: -t es,fr -t de."
)
@click.option("--param", "parameters", metavar="NAME=VALUE", multiple=True, help="Any other parameter of the workflow.")
@click.option("--build", is_flag=True, help="Build an environment that isn't there, which may take minutes.")
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help="How long to wait for an environment that another process is building; default: 300.",
)
@click.option(
    "--allow-degraded",
    is_flag=True,
    help="Take an older environment that isn't healthy where there is nothing else; no other job gets the results.",
)
@json_option
@root_option
@version_option
def command(
    media: Path,
    transcribe: bool,
    translate: bool,
    subtitle: bool,
    workflow: str | None,
    source_language: str | None,
    targets: tuple[str, ...],
    parameters: tuple[str, ...],
    build: bool,
    wait: float | None,
    allow_degraded: bool,
    as_json: bool,
) -> None:
    """Check MEDIA and everything that its workflow needs, and prepare a job for it.

    A file whose name begins with a dash goes after two dashes: prepare-job --subtitle -- -odd.mp4
    """
    from pipeline import sources
    from pipeline.envs.adopting.decide import Allowed
    from pipeline.prepare import WAIT_SECONDS, Request, prepare
    from pipeline.spec.catalog import Catalog

    given = _given(source_language, targets, parameters)
    shortcuts = [name for name, chosen in zip(SHORTCUTS, (transcribe, translate, subtitle), strict=True) if chosen]
    catalog = Catalog(project())
    allowed = Allowed(WAIT_SECONDS if wait is None else wait, build, allow_degraded)
    request = Request(media, _workflow(catalog.workflow_names, shortcuts, workflow), given, allowed)
    job = prepare(catalog, request, _tell)
    for line in sources.told(job.document):
        _tell(line)
    if as_json:
        from pipeline.cli.output import print_json

        print_json("job", job.document)
    else:
        click.echo(job.id)
        click.echo(f"next:  run-pipeline -j {job.id}", err=True)


def _tell(line: str) -> None:
    click.echo(printable(line), err=True)


def _workflow(known: list[str], shortcuts: list[str], workflow: str | None) -> str:
    chosen = {*shortcuts, *([workflow] if workflow else [])}
    if len(chosen) != 1:
        options = ", ".join(f"--{name}" for name in SHORTCUTS)
        what = f"not {' and '.join(sorted(chosen))} at once: " if chosen else ""
        raise UsageError(f"{what}name one workflow: {options} or --workflow NAME", "pipeline workflow list")
    name = chosen.pop()
    if name in shortcuts and name not in known:
        raise UsageError(f"this project has no workflow for --{name} yet", "pipeline workflow list")
    return name


def _given(source: str | None, targets: tuple[str, ...], parameters: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for text in parameters:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--param takes NAME=VALUE, not {text!r}", "prepare-job --help")
        _give(given, name, value)
    if source is not None:
        _give(given, "source_language", source)
    if targets:
        _give(given, "target_languages", ",".join(targets))
    return given


def _give(given: dict[str, str], name: str, value: str) -> None:
    if name in given:
        raise UsageError(f"the parameter '{name}' is given twice: {given[name]!r} and {value!r}", "give it once")
    given[name] = value


def main() -> None:
    handler.run(command)
