"""Four workflows of different shape, each with the one thing that it must deliver, whatever happens on the way."""

from dataclasses import dataclass

from pipeline.jobs.job import PlannedJob
from tests.conftest import Sandbox
from tests.jobs.helpers import prepared

INPUT = "some input\n"


@dataclass(frozen=True)
class Shape:
    stages: str  # YAML; ``COUNTER`` is a file outside the job
    deliver: str
    expected: str
    names: tuple[str, ...]  # of the stages that have results in the end


SHAPES = {
    "chain": Shape(
        """
strays: {inputs: {file: job.input}}
counted: {inputs: {file: strays.file}}
""",
        "counted.file",
        INPUT + "counted\n",
        ("strays", "counted"),
    ),
    "diamond": Shape(
        """
top: {uses: counted, inputs: {file: job.input}}
left: {uses: counted, inputs: {file: top.file}, parameters: {word: left}}
right: {uses: counted, inputs: {file: top.file}, parameters: {word: right}}
both: {uses: counted, for_each: [left, right], inputs: {file: top.file}, parameters: {word: $each}}
bottom: {uses: join, inputs: {files: both.file}, after: [left, right]}
""",
        "bottom.file",
        f"{INPUT}counted\nleft\n{INPUT}counted\nright\n",
        ("top", "left", "right", "both_left", "both_right", "bottom"),
    ),
    "fan-out": Shape(
        """
lists: {parameters: {items: [one, two, three]}}
each: {uses: counted, for_each: lists.items, inputs: {file: job.input}, parameters: {word: $each}}
gather: {uses: join, inputs: {files: each.file}}
""",
        "gather.file",
        f"{INPUT}one\n{INPUT}two\n{INPUT}three\n",
        ("lists", "each_0001", "each_0002", "each_0003", "gather"),
    ),
    "retries": Shape(
        """
before: {uses: counted, inputs: {file: job.input}}
wavers: {inputs: {file: before.file}, parameters: {counter: COUNTER}, retries: {attempts: 3, backoff: 0}}
after: {uses: counted, inputs: {file: wavers.file}}
""",
        "after.file",
        f"{INPUT}counted\ncounted\n",
        ("before", "wavers", "after"),
    ),
}


def job_of(sandbox: Sandbox, shape: Shape) -> PlannedJob:
    """A new job, with the counter at nothing."""
    counter = sandbox.root / "counter"
    counter.unlink(missing_ok=True)
    stages = shape.stages.replace("COUNTER", str(counter))
    sandbox.workflow("shape", stages, head=f"deliver: [{shape.deliver}]")
    return prepared(sandbox, "shape")
