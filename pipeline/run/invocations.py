"""A planned stage as an invocation: everything that it may ask for, written down before it starts."""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.envs import inheritance
from pipeline.executors import Invocation
from pipeline.host.resources import Grant
from pipeline.jobs import input_name
from pipeline.jobs.attempts import Attempt
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.results import Results
from pipeline.references import JOB_INPUT
from pipeline.run import command_files, input_view, linked_input
from pipeline.run.input_files import InputFile
from pipeline.run.invocation_file import SCHEMA, InvocationFile
from pipeline.run.runtime import Runtime
from pipeline.run.stage_key import StageKeys
from pipeline.run.task import Task
from pipeline.values import Struct, encode


class Invocations(Struct, frozen=True):
    """The invocations of one job, with what its run has resolved."""

    job: PlannedJob
    runtime: Runtime
    results: Results
    keys: StageKeys

    def write(self, task: Task, attempt: Attempt, grant: Grant) -> Invocation:
        """Write the attempt's ``invocation.json``. All that the stage needs must have results."""
        stage, start = task.stage, task.start
        stage_file, command = self.keys.file(stage.uses), self.keys.command(stage.uses)
        modules = tuple(self.keys.module(stage, name).path for name in stage.modules)
        if command:
            stage_file, modules = command_files.RUNNER, (command_files.WORDS,)
        content = InvocationFile(
            schema=SCHEMA,
            arguments=self.keys.arguments(stage),
            stage_file=str(stage_file),
            modules=[str(path) for path in modules],
            inputs=self.inputs(stage),
            models={slot: str(self.runtime.models[name]) for slot, name in stage.models.items()},
            output_folder=str(attempt.outputs),
            work=str(attempt.work),
            cpus=max(1, math.floor(grant.cpus)),
            services={name: each.urls for name, each in task.services.items()},
            command=command.invocation if command else None,
        )
        protected = self._protected(stage)
        file = attempt.invocation
        with open(file, "xb") as opened:
            opened.write(encode(content))
        return Invocation(
            id=f"{self.job.id}/{attempt.stage}/{attempt.number}",
            interpreter=self.runtime.interpreters[stage.environment],
            stage_file=stage_file,
            source_digest=self.keys.loaded_source(stage),
            file=file,
            log=self.job.log(attempt.stage),
            start="cold" if protected or command else start,
            variables={**inheritance.passed(os.environ, stage.passed), **grant.variables, **self._exceptions(task)},
            modules=modules,
            network=stage.network,
            writable=attempt.folder if stage.read_only else None,
            protected=protected,
            secrets=(*self.keys.secrets(stage).items(), *_tokens(task)),
        )

    def _exceptions(self, task: Task) -> dict[str, str]:
        """So that the stage reaches its services where its variables name a proxy."""
        if not task.services:
            return {}
        from pipeline.services.proxy_exceptions import proxy_exceptions

        interpreter = self.runtime.interpreters[task.stage.environment]
        return proxy_exceptions({**interpreter.variables, **inheritance.passed(os.environ, task.stage.passed)})

    def _protected(self, stage: PlannedStage) -> Path | None:
        """A person's file that the stage reads by a link, where it can be kept from writing to it. It gets a process of
        its own then, which stays bound."""
        file = input_view.linked_file(self.job) if stage.takes_job_input else None
        return file if file and linked_input.can_protect(file) else None

    def inputs(self, stage: PlannedStage) -> dict[str, list[str]]:
        """The paths of each input, in order."""
        return {slot: [os.fspath(each.path) for each in self._files(slot, refs)] for slot, refs in stage.inputs.items()}

    def input_files(self, stage: PlannedStage) -> list[InputFile]:
        """All files that the stage gets, with what must be in them."""
        return [each for slot, refs in stage.inputs.items() for each in self._files(slot, refs)]

    def _files(self, slot: str, references: Sequence[str]) -> Iterator[InputFile]:
        for reference in references:
            if reference == JOB_INPUT:
                yield InputFile(slot, input_name.path_for(self.job), self.job.plan.input.digest)
            else:
                for stage, output in self.results.outputs(reference).items():
                    yield InputFile(slot, output.path, output.digest, stage, output.size, output.mtime_ns)


def _tokens(task: Task) -> Iterator[tuple[str, str]]:
    """They stand in no file, and are masked in what the stage prints; ``stagekit`` knows them by these names."""
    return ((f"service.{name}", each.token) for name, each in task.services.items() if each.token)
