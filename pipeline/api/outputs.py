"""What a job has made, by name."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.errors import did_you_mean
from pipeline.jobs.deliver import named_targets
from pipeline.jobs.finished_results import finished_results
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.state import JobState
from pipeline.references import member_name, split
from pipeline.values import Struct


class JobOutput(Struct, frozen=True):
    """A file that a stage of a job has made."""

    name: str  # by which the job's ``outputs`` have it
    stage: str
    path: Path  # in the job's output folder where it was delivered, else in the stage's own
    digest: str  # of its content when it was made, such as blake3:…; a person may have edited it since
    size: int  # bytes, when it was made

    def __fspath__(self) -> str:
        return str(self.path)


class NoSuchOutput(KeyError):
    """A job has no output of this name, or not yet."""

    def __str__(self) -> str:  # as a sentence, where KeyError quotes it
        return str(self.args[0])


class JobOutputs(Mapping[str, JobOutput]):
    """The deliverables that are there, by the names of outputs, such as ``srt``.

    Where several stages deliver an output of one name, each is called ``STAGE.OUTPUT``. By ``STAGE.OUTPUT`` every
    output of every finished stage is found, also those that aren't delivered. Iteration gives the deliverables alone.
    """

    def __init__(self, job: PlannedJob, state: JobState) -> None:
        self._job = job
        self._all = _every_output(job, state)
        self._delivered = _deliverables(job, state)

    def __getitem__(self, name: str) -> JobOutput:
        """Raises ``NoSuchOutput``, a ``KeyError``, with the names that there are."""
        found = self._delivered.get(name) or self._all.get(name)
        if found is None:
            raise NoSuchOutput(self._why_not(name))
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._delivered)

    def __len__(self) -> int:
        return len(self._delivered)

    def __repr__(self) -> str:
        return f"<outputs of {self._job.id}: {', '.join(self) or 'none yet'}>"

    def _why_not(self, name: str) -> str:
        makers = [stage.name for stage in self._job.stages if name in (*stage.outputs, *_references(stage))]
        several = [each for each in self._delivered if each.endswith(f".{name}")]
        if several:
            return f"several stages of {self._job.id} deliver '{name}': name one of {', '.join(several)}"
        if makers:
            others = [each for each in self._all if split(each)[1] == name]
            if others:
                return f"{self._job.id} doesn't deliver '{name}'; it is there as {', '.join(others)}"
            return f"stage '{makers[0]}' of {self._job.id} hasn't made '{name}' yet: the job has to be run"
        known = [*self._delivered, *self._all]
        return f"{self._job.id} has no output '{name}'{did_you_mean(name, known) or '; it has made none yet'}"


def _references(stage: PlannedStage) -> list[str]:
    return [f"{stage.name}.{output}" for output in stage.outputs]


def _every_output(job: PlannedJob, state: JobState) -> dict[str, JobOutput]:
    """By ``STAGE.OUTPUT``."""
    found = {}
    for name, known in state.stages.items():
        if known.committed is not None:
            folder = job.attempts(name) / str(known.committed.attempt) / "outputs"
            for output, record in known.committed.outputs.items():
                reference = f"{name}.{output}"
                found[reference] = JobOutput(reference, name, folder / record.file, record.digest, record.size)
    return found


def _deliverables(job: PlannedJob, state: JobState) -> dict[str, JobOutput]:
    """Those that a run has put into the output folder."""
    if not state.delivered or not all(_is_made(state, split(each)[0]) for each in job.plan.deliver):
        return {}
    results = finished_results(job, state)
    outputs = [split(each)[1] for each in job.plan.deliver for _ in results.outputs(each)]
    count = Counter(outputs)
    found: dict[str, JobOutput] = {}
    for (made, target), output in zip(named_targets(job, results, job.plan.deliver), outputs, strict=True):
        name = output if count[output] == 1 else f"{made.member}.{output}"
        if target.name in state.delivered:
            found[name] = JobOutput(name, made.member, target, made.output.digest, made.output.size)
    return found


def _is_made(state: JobState, stage: str) -> bool:
    """Whether a stage has its result, or all members of a fan-out have theirs."""
    known = state.stage(stage)
    names = [stage] if known.members is None else [member_name(stage, index) for index in range(known.members)]
    return all(state.stage(name).committed for name in names)
