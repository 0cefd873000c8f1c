"""``pipeline env``: one file for each command."""

from pipeline.cli.command_group import LazyGroup

COMMANDS = {
    "list": "pipeline.cli.env.list",
    "status": "pipeline.cli.env.status",
    "explain": "pipeline.cli.env.explain",
    "plan": "pipeline.cli.env.plan",
    "bisect": "pipeline.cli.env.bisect",
    "new": "pipeline.cli.env.new",
    "lock": "pipeline.cli.env.lock",
    "register": "pipeline.cli.env.register",
    "test": "pipeline.cli.env.test",
    "gc": "pipeline.cli.env.gc",
    "remove": "pipeline.cli.env.remove",
    "bundle": "pipeline.cli.env.bundle",
    "sbom": "pipeline.cli.env.sbom",
    "licenses": "pipeline.cli.env.licenses",
}

group = LazyGroup("env", COMMANDS, "Environments: what is defined, what is built, and what became of it.")
