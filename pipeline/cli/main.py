"""``pipeline``: a job from its input to its results, and what a project and its machine have."""

import click

from pipeline.cli import (
    cache,
    doctor,
    env,
    handler,
    hardware,
    init,
    job,
    model,
    package,
    run,
    schema,
    stage,
    subtitles,
    ui,
    watch,
    worker,
    workflow,
)
from pipeline.cli.context import root_option, version_option

COMMANDS = ("pipeline", "prepare-job", "run-pipeline", "bootstrap")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@root_option
@version_option
def command() -> None:
    """Run workflows; look at environments, jobs, subtitles, the store of results and the machine."""


@command.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print code that makes SHELL complete these commands: eval "$(pipeline completion bash)"."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    for name in COMMANDS:
        variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
        click.echo(kind(command, {}, name, variable).source())


command.add_command(cache.group)
command.add_command(doctor.command)
command.add_command(env.group)
command.add_command(hardware.command)
command.add_command(init.command)
command.add_command(job.group)
command.add_command(model.group)
command.add_command(package.group)
command.add_command(run.command)
command.add_command(schema.command)
command.add_command(stage.group)
command.add_command(subtitles.group)
command.add_command(ui.command)
command.add_command(watch.command)
command.add_command(worker.group)
command.add_command(workflow.group)


def main() -> None:
    handler.run(command)
