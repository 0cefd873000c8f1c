"""``pipeline workflow``: one file for each command."""

from pipeline.cli.command_group import LazyGroup

COMMANDS = {
    "list": "pipeline.cli.workflow.list",
    "show": "pipeline.cli.workflow.show",
    "graph": "pipeline.cli.workflow.graph",
    "new": "pipeline.cli.workflow.new",
}

group = LazyGroup("workflow", COMMANDS, "Workflows of the project, with their stages and parameters.")
