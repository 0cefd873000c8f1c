"""A workflow orchestrator in which every stage runs in its own locked environment.

``Project``, ``Job``, ``stage`` and ``environment`` are the interface for programs and notebooks::

    from pipeline import Project

    job = Project().prepare("subtitle", "film.mkv", target_languages=["es"])
    job.run()
    print(job.outputs["srt"].path)

Each is imported when it is first asked for, so that the commands don't load them.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pipeline.api.function_stage import stage
    from pipeline.api.job import Job
    from pipeline.api.project import Project
    from pipeline.calls.environment import environment
    from pipeline.calls.errors import RemoteError
    from pipeline.errors import PipelineError

__version__ = "0.1.0"
__all__ = ["Job", "PipelineError", "Project", "RemoteError", "environment", "stage"]

_PLACES = {
    "Job": "pipeline.api.job",
    "PipelineError": "pipeline.errors",
    "Project": "pipeline.api.project",
    "RemoteError": "pipeline.calls.errors",
    "environment": "pipeline.calls.environment",
    "stage": "pipeline.api.function_stage",
}


def __getattr__(name: str) -> "Any":
    if name not in _PLACES:
        raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
