"""An attempt at a stage as an order: what the run knows by paths, by names and digests."""

import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.cluster.driver.job_recipes import JobRecipes
from pipeline.cluster.driver.order_items import OrderItems
from pipeline.cluster.driver.run_name import run_name
from pipeline.cluster.wire.attempt_order import AttemptId, AttemptOrder
from pipeline.cluster.wire.ordered_items import OrderedItem
from pipeline.envs import inheritance
from pipeline.errors import NotReady
from pipeline.jobs.job import PlannedJob
from pipeline.project import ProjectFolder
from pipeline.run.job_run import JobRun
from pipeline.run.stage_command import StageCommand
from pipeline.run.task import LiveAttempt
from pipeline.values import fields_of

MODEL_NOTES = "cluster-models"  # a folder of the cache
LATER = 60.0  # seconds after its limit at which a node ends an attempt by itself, where the run can't


class AttemptOrders:
    """For the jobs of one run."""

    def __init__(self, project: ProjectFolder, packages: Path | None) -> None:
        self.items = OrderItems(project.cache / MODEL_NOTES)
        self._recipes = JobRecipes(project, self.items.places, packages)
        self._runs: dict[str, str] = {}  # by job

    def admit(self, job: PlannedJob) -> None:
        """Raises ``NotReady`` where its stages can't run on other machines, ``ConfigurationError`` and ``OSError``."""
        local = f"run-pipeline -j {job.id}   runs it on this machine"
        if job.plan.services:
            words = f"{job.id}: its stages use services, which run on this machine, where no node reaches them"
            raise NotReady(words, local)
        if job.plan.inherits_environment:
            words = f"{job.id}: its stages see all variables of this machine (--inherit-environment)"
            raise NotReady(words, local)
        self._recipes.require(job)
        self.run_of(job)

    def run_of(self, job: PlannedJob) -> str:
        """The name that nodes know the job's runs by."""
        if job.id not in self._runs:
            self._runs[job.id] = run_name(job.folder)
        return self._runs[job.id]

    def runs(self) -> list[str]:
        """Those names of all jobs."""
        return list(self._runs.values())

    def id_of(self, job: PlannedJob, live: LiveAttempt) -> AttemptId:
        return AttemptId(self.run_of(job), job.id, live.task.name, live.attempt.number)

    def of(self, job: JobRun, live: LiveAttempt, predecessors: tuple[AttemptId, ...] = ()) -> AttemptOrder:
        """Raises ``OSError``, ``DirectoryUnusable`` and what ``JobRecipes.of`` does."""
        stage, grant, parts = live.task.stage, live.grant, job.invocations
        keys = parts.keys
        environment, tools = self._recipes.of(job.job, stage)
        command = keys.command(stage.uses)
        limit = stage.timeout_seconds
        return AttemptOrder(
            id=self.id_of(job.job, live),
            environment=environment,
            tools=tools,
            stage_file=self.items.file(live.invocation.stage_file),
            source_digest=live.invocation.source_digest,
            modules=tuple(map(self.items.module, live.invocation.modules)),
            arguments=fields_of(keys.arguments(stage)),
            inputs=self._inputs(job, live),
            models={slot: self.items.model(parts.runtime.models[name]) for slot, name in stage.models.items()},
            cpus=max(1, int(grant.cpus)),
            cards=grant.cards,
            gpu_memory=stage.resources.gpu_memory,
            command=command.invocation if command else None,
            command_files={name: self.items.file(path) for name, path in _files_of(command)},
            fresh=live.task.failed > 0 or live.task.spared > 1,
            start="cold" if command else live.task.start,
            locale=inheritance.locale_of(os.environ),
            variables=inheritance.passed(os.environ, stage.passed),
            network=stage.network,
            read_only=stage.read_only,
            secrets=live.invocation.secrets,
            seconds=limit + LATER if limit else None,
            predecessors=predecessors,
        )

    def _inputs(self, job: JobRun, live: LiveAttempt) -> dict[str, tuple[OrderedItem, ...]]:
        names = job.invocations.keys.arguments(live.task.stage).inputs
        left = {slot: iter(each) for slot, each in names.items()}
        items: dict[str, list[OrderedItem]] = {slot: [] for slot in names}
        for watched in live.inputs:
            file = watched.file
            items[file.slot].append(self.items.input(file, next(left[file.slot])))
        return {slot: tuple(each) for slot, each in items.items()}


def _files_of(command: StageCommand | None) -> Iterator[tuple[str, Path]]:
    return ((name, Path(path)) for name, path in (command.invocation.files if command else {}).items())
