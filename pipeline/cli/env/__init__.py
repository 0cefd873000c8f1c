"""``pipeline env``: one file for each command."""

from pipeline.cli.lazy import LazyGroup

COMMANDS = {
    "list": "pipeline.cli.env.list",
    "status": "pipeline.cli.env.status",
    "lock": "pipeline.cli.env.lock",
    "register": "pipeline.cli.env.register",
    "test": "pipeline.cli.env.test",
}

group = LazyGroup("env", COMMANDS, "Environments: what is defined, what is built, and what became of it.")
