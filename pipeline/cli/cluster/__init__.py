"""``pipeline cluster``: one file for each command."""

from pipeline.cli.command_group import LazyGroup

COMMANDS = {
    "list": "pipeline.cli.cluster.list",
    "show": "pipeline.cli.cluster.show",
    "certificates": "pipeline.cli.cluster.certificates",
}

group = LazyGroup("cluster", COMMANDS, "Other machines: which clusters the project defines, and what they have.")
