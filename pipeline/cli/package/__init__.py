"""``pipeline package``: one file for each command."""

from pipeline.cli.command_group import LazyGroup

COMMANDS = {
    "make": "pipeline.cli.package.make",
    "show": "pipeline.cli.package.show",
    "install": "pipeline.cli.package.install",
    "run": "pipeline.cli.package.run",
    "list": "pipeline.cli.package.list",
    "remove": "pipeline.cli.package.remove",
}

group = LazyGroup("package", COMMANDS, "Packages: a workflow with all that it needs, carried as one file.")
