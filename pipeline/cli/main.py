"""``pipeline``: a job from its input to its results, and what a project and its machine have."""

from pipeline.cli import handler
from pipeline.cli.command_group import LazyGroup
from pipeline.cli.context import root_option, version_option

COMMANDS = {
    "cache": "pipeline.cli.cache",
    "calculator": "pipeline.cli.calculator",
    "call": "pipeline.cli.call",
    "cluster": "pipeline.cli.cluster",
    "completion": "pipeline.cli.completion_code",
    "doctor": "pipeline.cli.doctor",
    "env": "pipeline.cli.env",
    "hardware": "pipeline.cli.hardware",
    "init": "pipeline.cli.init",
    "job": "pipeline.cli.job",
    "model": "pipeline.cli.model",
    "package": "pipeline.cli.package",
    "run": "pipeline.cli.run",
    "schema": "pipeline.cli.schema",
    "service": "pipeline.cli.service",
    "serve": "pipeline.cli.serve",
    "stage": "pipeline.cli.stage",
    "subtitles": "pipeline.cli.subtitles",
    "ui": "pipeline.cli.ui",
    "watch": "pipeline.cli.watch",
    "worker": "pipeline.cli.worker",
    "workflow": "pipeline.cli.workflow",
}
HELP = "Run workflows; look at environments, jobs, subtitles, the store of results and the machine."

command = LazyGroup("pipeline", COMMANDS, HELP)
command.context_settings = {"help_option_names": ["-h", "--help"]}
version_option(root_option(command))


def main() -> None:
    handler.run(command)
