"""``pipeline stage``: one file for each command."""

from pipeline.cli.command_group import LazyGroup

COMMANDS = {"new": "pipeline.cli.stage.new"}

group = LazyGroup("stage", COMMANDS, "Stages: a new one.")
