"""``pipeline completion``."""

import click

COMMANDS = ("pipeline", "prepare-job", "run-pipeline", "bootstrap")


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print code that makes SHELL complete these commands: eval "$(pipeline completion bash)"."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    for name in COMMANDS:
        variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
        click.echo(kind(command, {}, name, variable).source())
