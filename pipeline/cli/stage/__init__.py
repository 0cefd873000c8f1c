"""``pipeline stage``: one file for each command."""

from pipeline.cli.command_group import LazyGroup

COMMANDS = {
    "list": "pipeline.cli.stage.list",
    "show": "pipeline.cli.stage.show",
    "new": "pipeline.cli.stage.new",
    "run": "pipeline.cli.stage.run",
    "shell": "pipeline.cli.stage.shell",
}

group = LazyGroup("stage", COMMANDS, "Stages: what there is, a new one, and one run by itself.")
