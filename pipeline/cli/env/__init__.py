"""``pipeline env``: one file for each command."""

from pipeline.cli.lazy import LazyGroup

COMMANDS = {
    "list": "pipeline.cli.env.list",
    "status": "pipeline.cli.env.status",
    "explain": "pipeline.cli.env.explain",
    "plan": "pipeline.cli.env.plan",
    "bisect": "pipeline.cli.env.bisect",
}

group = LazyGroup("env", COMMANDS, "Environments: what is defined, what is built, and what became of it.")
