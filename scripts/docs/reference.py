"""Parts of pages that are made from the code when the site is built: commands from click, files from their schemas."""

import inspect
import re
from collections.abc import Callable, Iterator

import click
from schema_pages import files_page

from pipeline.cli import bootstrap, main, prepare_job, run_options
from pipeline.cli.options import click_command
from pipeline.errors import ExitCode

WIDTH = 100  # columns of a command's help


def commands_page() -> str:
    """All commands with their help, as a terminal shows it."""
    run = click_command(run_options.NAME, run_options.TEXT, run_options.OPTIONS)
    tops = {
        "prepare-job": prepare_job.command,
        "run-pipeline": run,
        "bootstrap": bootstrap.command,
        "pipeline": main.command,
    }
    parts = (part for name, command in tops.items() for part in _described(name, command, None))
    return "\n".join(parts)


def _described(name: str, command: click.Command, above: click.Context | None) -> Iterator[str]:
    context = click.Context(command, above, info_name=name, max_content_width=WIDTH, terminal_width=WIDTH)
    yield f"## `{context.command_path}`\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            if found is not None and not found.hidden:
                yield from _described(each, found, context)


def exit_codes_page() -> str:
    """What each exit code means, from the comments beside them."""
    words = dict(re.findall(r"^    ([A-Z_]+) = \d+(?:  # (.*))?$", inspect.getsource(ExitCode), re.MULTILINE))
    rows = "\n".join(
        f"| {int(code)} | {code.name.lower().replace('_', ' ')} | {words[code.name]} |" for code in ExitCode
    )
    return f"| code | name | |\n|---|---|---|\n{rows}\n"


PAGES: dict[str, Callable[[], str]] = {
    "reference/commands": commands_page,
    "reference/files": files_page,
    "reference/exit-codes": exit_codes_page,
}
