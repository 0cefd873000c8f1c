"""A stage called by itself, outside of any job: with what, and its invocation."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.config import shared_modules
from pipeline.config.stages import StageSpec
from pipeline.jobs.attempts import Attempt
from pipeline.project import ProjectFolder
from pipeline.run import command_files
from pipeline.run.invocation_file import SCHEMA, Arguments, InvocationFile
from pipeline.values import encode


@dataclass(frozen=True)
class StageCall:
    """A stage with what it gets."""

    spec: StageSpec
    inputs: Mapping[str, Sequence[Path]]
    parameters: Mapping[str, Any]  # those that differ from its defaults
    models: Mapping[str, Path] = field(default_factory=dict)  # slot to the model's folder
    cpus: int = 1

    def stage_file(self) -> Path:
        """What the runner loads."""
        return command_files.RUNNER if self.spec.command else self.spec.file

    def modules(self, project: ProjectFolder) -> list[Path]:
        """What it imports by name. Raises ``ConfigurationError`` where one isn't there."""
        if self.spec.command:
            return [command_files.WORDS]
        owner = project.owner(self.spec.file)
        return [shared_modules.locate(owner, module) for module in self.spec.modules]


def write_invocation(project: ProjectFolder, call: StageCall, attempt: Attempt) -> None:
    """Write the attempt's ``invocation.json``. Raises ``ConfigurationError`` where a file of the stage isn't there."""
    attempt.invocation.write_bytes(encode(invocation(project, call, str(attempt.outputs), str(attempt.work))))


def invocation(project: ProjectFolder, call: StageCall, outputs: str = "", work: str = "") -> InvocationFile:
    """``outputs`` and ``work``: folders; a service has the one of none, and the other of its supervisor.

    Raises ``ConfigurationError`` where a file of the stage isn't there.
    """
    spec = call.spec
    files = {slot: list(call.inputs.get(slot, ())) for slot in spec.inputs}
    command = None
    if spec.command:
        from pipeline.run import stage_command

        command = stage_command.of_spec(spec.command).invocation
    return InvocationFile(
        schema=SCHEMA,
        arguments=Arguments(
            name=spec.name,
            inputs={slot: [path.name for path in paths] for slot, paths in files.items()},
            parameters={**spec.parameters, **call.parameters},
            models={slot: folder.name for slot, folder in call.models.items()},
            outputs=dict(spec.outputs),
        ),
        stage_file=str(call.stage_file()),
        modules=list(map(str, call.modules(project))),
        inputs={slot: [os.path.abspath(path) for path in paths] for slot, paths in files.items()},
        models={slot: str(folder) for slot, folder in call.models.items()},
        output_folder=outputs,
        work=work,
        cpus=call.cpus,
        command=command,
    )
