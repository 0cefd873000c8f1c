"""What a ready stage needs of a node."""

from pipeline.cluster.placing.node_supply import StageNeeds, WaitingStage
from pipeline.policy import ResourceRequest
from pipeline.run.job_run import JobRun
from pipeline.run.task import Task

WHOLE_NODE = 1e6  # CPUs; of a node that has fewer, a stage gets all
LARGE_INPUT = 1 << 20  # bytes; what is smaller is sent in a moment
STEPS = (60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 12 * 3600.0, 24 * 3600.0)  # seconds: each is a queue of its own


def id_of(task: Task) -> str:
    """The stage in its run."""
    return f"{task.job_id}/{task.name}"


def waiting(id: str, job: JobRun, task: Task, needs: StageNeeds, place: int) -> WaitingStage:
    """``needs``: those of the task. ``place``: that of its job in the run."""
    files = job.invocations.input_files(task.stage)
    large = tuple((each.digest, each.size) for each in files if each.size >= LARGE_INPUT)
    is_small = needs.cpus <= 1 and not needs.memory and not needs.gpus and not needs.licences
    may_follow = is_small and task.stage.timeout_seconds is None
    return WaitingStage(id, needs, place, task.due.remaining, large, task.stage.uses, may_follow)


def needs_of(job: JobRun, task: Task, has_gpus: bool) -> StageNeeds:
    """``has_gpus``: whether any node has a GPU."""
    request = task.stage.resources
    return StageNeeds(
        environment=job.job.plan.environment_keys[task.stage.environment],
        cpus=WHOLE_NODE if request.cpus == "all" else request.cpus,
        memory=request.memory,
        gpus=_gpus(request, has_gpus),
        labels=frozenset([f"{name}={value}" for name, value in request.labels.items()]),
        licences=tuple(sorted(request.licences.items())),
        seconds=_step(task.stage.expected_seconds or 0.0),
    )


def _gpus(request: ResourceRequest, has_gpus: bool) -> int:
    return 0 if request.cpu_will_do and not has_gpus else request.gpus


def _step(seconds: float) -> float:
    """The next longer of few: a stage must fit into what is left of a node's time."""
    return next((step for step in STEPS if seconds <= step), seconds) if seconds else 0.0
