"""``pipeline env``: one file for each command."""

from pipeline.cli.lazy import LazyGroup

COMMANDS = {
    "list": "pipeline.cli.env.list",
    "status": "pipeline.cli.env.status",
    "gc": "pipeline.cli.env.gc",
    "remove": "pipeline.cli.env.remove",
    "bundle": "pipeline.cli.env.bundle",
    "sbom": "pipeline.cli.env.sbom",
    "licenses": "pipeline.cli.env.licenses",
}

group = LazyGroup("env", COMMANDS, "Environments: what is defined, what is built, and what became of it.")
