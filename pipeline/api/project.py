"""A project, as a program or a notebook has it in its hands."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.location import locate

if TYPE_CHECKING:
    from pipeline.api.job import Job
    from pipeline.api.workflow import Workflow
    from pipeline.project import ProjectFolder

ParameterValue = str | int | float | bool | os.PathLike[str] | Sequence[str | int | float] | None


class Project:
    """A folder with a ``config/pipeline.yaml``.

    >>> project = Project(example)
    >>> job = project.prepare("counting", example / "input.txt")
    >>> job.state
    'prepared'
    >>> job.run().state
    'finished'
    >>> job.outputs["file"].path.read_text()
    'some input\\n'
    """

    def __init__(self, root: str | os.PathLike[str] | None = None) -> None:
        """``root``: its folder; without one, the project is found as the commands find it: by ``PIPELINE_ROOT``, the
        active environment, or the current folder and those above it.

        Raises ``UsageError`` where there is none, ``ConfigurationError`` for its settings, and ``UntrustedProject`` for
        one that was only found and that others can change.
        """
        self._folder: ProjectFolder = locate(None if root is None else Path(os.path.abspath(root)))

    @property
    def root(self) -> Path:
        return self._folder.root

    def prepare(  # noqa: PLR0913  # as the command's options
        self,
        workflow: "str | Workflow",
        input: str | os.PathLike[str],  # noqa: A002  # as everywhere: a job's input
        *,
        models: Mapping[str, str | os.PathLike[str]] | None = None,
        build: bool = False,
        beside: bool = False,
        overwrite: bool = False,
        **parameters: ParameterValue,
    ) -> "Job":
        """Check the input and all that the workflow needs, and freeze the plan, as ``prepare-job`` does.

        ``workflow``: the name of one of the project's, or one that ``Project.workflow`` has begun, whose parameters
        are given where its stages are added. ``parameters``: values of Python; a list for several languages or words,
        ``None`` for one that isn't given. ``models``: those of them that name a model, by its name or its folder.
        ``build``: build the environments and fetch the models that are missing, which may take minutes; what is going
        on is logged (by ``logging``, as ``pipeline``). Environments without packages, which take a moment, are built in
        any case. ``beside``: deliver next to the input, too; ``overwrite``: also where such a file is there.

        Raises ``UsageError``, ``ConfigurationError``, ``InputError``, or ``NotReady`` for what isn't there; then there
        is no job, and the error's ``command`` is the next command, such as the one that builds what is missing.
        """
        from pipeline.api.preparation import prepared_job, texts
        from pipeline.api.wire import PrepareCall

        named = {name: os.fspath(model) for name, model in (models or {}).items()}
        if twice := named.keys() & parameters.keys():
            raise UsageError(f"'{min(twice)}' is given twice, in models and by itself", "give it once")
        call = PrepareCall(
            root=str(self.root),
            workflow=workflow if isinstance(workflow, str) else workflow.name,
            input=os.path.abspath(os.fspath(input)),
            parameters={**texts(parameters), **named},
            models=tuple(named),
            build=build,
            beside=beside,
            overwrite=overwrite,
            composed=None if isinstance(workflow, str) else workflow.call(),
        )
        return prepared_job(self._folder, call)

    def workflow(self, name: str) -> "Workflow":
        """Begin a workflow of functions and of the project's stages, for ``prepare``. Nothing is written.

        A job of it is one as any other: its functions are frozen in its folder, and ``run-pipeline`` goes on with it.
        """
        from pipeline.api.workflow import Workflow

        return Workflow(name)

    def jobs(self) -> "list[Job]":
        """All jobs, the oldest first, also those that were prepared by commands. None of them is read."""
        from pipeline.api.job import Job
        from pipeline.jobs.store import JobStore

        return [Job(self._folder, id) for id in JobStore(self._folder.jobs).ids()]

    def job(self, id: str) -> "Job":
        """A job by its id, or the ``latest``. Raises ``UsageError`` where there is none."""
        from pipeline.api.job import Job
        from pipeline.jobs.store import JobStore

        return Job(self._folder, JobStore(self._folder.jobs).find(id).id)

    def __repr__(self) -> str:
        return f"Project({str(self.root)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Project) and self._folder == other._folder

    def __hash__(self) -> int:
        return hash(self._folder.root)
