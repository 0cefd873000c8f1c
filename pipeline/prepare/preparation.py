"""What a person asks for, and what is decided for it before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.workflows import WorkflowSpec
from pipeline.engines.decisions import Decisions
from pipeline.envs.choice.decision import EnvironmentOptions
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import ModelDecision
from pipeline.media.probe import Media
from pipeline.models.local_folder import FolderModel
from pipeline.plan.planner import PlannedWorkflow
from pipeline.prepare.environment_finder import WAIT_SECONDS
from pipeline.prepare.readiness import Readiness

USUAL = EnvironmentOptions(WAIT_SECONDS)
# What ``$input.KEY`` stands for where nothing is known of the input.
UNKNOWN_INPUT = {"frame_rate": "", "language": "", "subtitle_flags": ""}


@dataclass(frozen=True)
class JobRequest:
    input: Path
    workflow: str
    parameters: Mapping[str, str]  # as typed
    allowed: EnvironmentOptions = USUAL  # for environments that aren't there
    beside: bool = False  # deliver next to the input, too, what the workflow says may stand there
    overwrite: bool = False  # also where the movie has what would be made
    inherits_environment: bool = False  # whether stages get all of the caller's variables
    reserved: int = 0  # bytes of the disk that other jobs will take
    fetches: bool = False  # a better recognition model that isn't here, where the model is to be chosen
    allows_code: bool = False  # also of models in folders whose files run code when they are loaded
    extends: PlannedJob | None = None  # the job of the same file that gets the new plan, instead of a job of its own


@dataclass(frozen=True)
class WorkflowValues:
    """All that a workflow's ``$names`` stand for in one job."""

    parameters: Mapping[str, Any]
    decisions: Decisions
    input: Mapping[str, str]  # for ``$input.KEY``: the keys of ``UNKNOWN_INPUT``

    @property
    def all(self) -> dict[str, Any]:
        return {**self.parameters, **self.decisions.values, "input": self.input}


@dataclass(frozen=True)
class Preparation:
    """All that was decided for a job."""

    request: JobRequest
    file: Path  # the input, absolute
    media: Media | None  # None where the workflow takes any file
    workflow: WorkflowSpec
    values: WorkflowValues
    planned: PlannedWorkflow
    models: Mapping[str, str]  # the plan's models, each with its digest
    folder_models: tuple[FolderModel, ...]  # those of them that lie in folders, and aren't in the store yet
    ready: Readiness
    disk_needed: int  # bytes
    model_decision: ModelDecision | None = None  # None where nothing is to be said of the recognition model
    unconfined: str | None = None  # why stages that should be confined can't be, on this machine
