"""``pipeline model``: one file for each command."""

from pipeline.cli.command_group import LazyGroup

COMMANDS = {
    "list": "pipeline.cli.model.list",
    "show": "pipeline.cli.model.show",
    "status": "pipeline.cli.model.status",
    "add": "pipeline.cli.model.add",
    "lock": "pipeline.cli.model.lock",
    "fetch": "pipeline.cli.model.fetch",
    "verify": "pipeline.cli.model.verify",
    "remove": "pipeline.cli.model.remove",
    "gc": "pipeline.cli.model.gc",
}

group = LazyGroup("model", COMMANDS, "Models: what there is to fetch, what is fetched, and whether it is whole.")
