"""``pipeline job``: one file for each command."""

from pipeline.cli.command_group import LazyGroup

COMMANDS = {
    "list": "pipeline.cli.job.list",
    "show": "pipeline.cli.job.show",
    "open": "pipeline.cli.job.open",
    "logs": "pipeline.cli.job.logs",
    "edit": "pipeline.cli.job.edit",
    "why": "pipeline.cli.job.why",
    "report": "pipeline.cli.job.report",
    "timeline": "pipeline.cli.job.timeline",
    "cancel": "pipeline.cli.job.cancel",
    "rm": "pipeline.cli.job.remove",
}

group = LazyGroup("job", COMMANDS, "Jobs: what was prepared, what became of it, and where its results are.")
