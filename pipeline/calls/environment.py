"""An environment of a project, as a program has it that wants to call into it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.calls import definition_record
from pipeline.calls.interpreter import CallInterpreter
from pipeline.calls.options import CallOptions, Progress
from pipeline.calls.session import CallSession
from pipeline.calls.source import CallSource
from pipeline.errors import UsageError
from pipeline.location import locate
from pipeline.policy import ResourceRequest
from pipeline.sizes import parse_size
from pipeline.values import replace

if TYPE_CHECKING:
    from pipeline.calls.group import SessionGroup
    from pipeline.project import ProjectFolder

START_SECONDS = 300.0  # that loading a file, with its models, may take


class CallEnvironment:
    """One of a project's environments."""

    def __init__(self, folder: "ProjectFolder", name: str, builds: bool) -> None:
        self.folder = folder
        self._name = name
        self._interpreter = CallInterpreter(folder, name, builds, lambda _: None)

    def open(  # noqa: PLR0913  # each is an option of a session
        self,
        file: str | os.PathLike[str],
        object: str | None = None,  # noqa: A002  # the word for it
        *positional: Any,
        start_timeout: float = START_SECONDS,
        timeout: float | None = None,
        grace: float = 1.0,
        interrupts: bool = False,
        is_idempotent: bool = False,
        progress: Progress | None = None,
        classes: tuple[type, ...] = (),
        variables: Mapping[str, str] | None = None,
        gpus: int = 0,
        gpu_memory: str | int | None = None,
        **named: Any,
    ) -> CallSession:
        """A session with the public functions of a file, or with an object that its class ``object`` makes of the other
        arguments. Nothing is started before ``start``, the ``with`` block or the first call.

        ``start_timeout``: seconds until it must be ready. ``timeout``: seconds that each call may take; then it is
        asked to end, interrupted where ``interrupts`` allows that, and its worker killed, with ``grace`` seconds
        between. ``is_idempotent``: a call whose worker was lost is repeated once in a new one. ``progress``: is called
        with a fraction from 0 to 1, or ``None``, and a text. ``classes``: dataclasses that results are made of again.
        ``variables``: further ones for the worker. ``gpus``: so many that no stage and no other session gets, or
        ``gpu_memory`` (such as "8 GiB") of each; the session waits for them as long as it may take to begin.
        """
        source = self.source(file, object, positional, named, classes, variables)
        source = replace(source, resources=_resources(gpus, gpu_memory))
        options = CallOptions(timeout, grace, interrupts, is_idempotent, progress)
        return CallSession(source, options, start_timeout)

    def source(  # noqa: PLR0913, PLR0917  # these are the fields
        self,
        file: str | os.PathLike[str],
        object: str | None = None,  # noqa: A002
        positional: Sequence[Any] = (),
        named: Mapping[str, Any] | None = None,
        classes: tuple[type, ...] = (),
        variables: Mapping[str, str] | None = None,
    ) -> CallSource:
        """What a session calls."""
        path = Path(os.path.abspath(file))
        more = dict(named or {}), classes, dict(variables or {})
        return CallSource(self.folder, self._name, self._interpreter, path, object, positional, *more)

    def open_group(
        self,
        file: str | os.PathLike[str],
        object: str | None = None,  # noqa: A002
        *positional: Any,
        workers: int,
        **named: Any,
    ) -> "SessionGroup":
        """As ``open``, in several workers: each call goes to one that is free, and ``map`` keeps all at work."""
        from pipeline.calls.group import SessionGroup

        return SessionGroup([self.open(file, object, *positional, **named) for _ in range(workers)])

    @property
    def name(self) -> str:
        return self._name

    def __repr__(self) -> str:
        return f"<environment {self._name} of {self.folder.root}>"


def _resources(gpus: int, gpu_memory: str | int | None) -> ResourceRequest:
    """Raises ``UsageError``."""
    if gpus < 0:
        raise UsageError(f"gpus={gpus}: a session has none, or some")
    try:
        return ResourceRequest(gpus=gpus, gpu_memory=None if gpu_memory is None else parse_size(gpu_memory))
    except ValueError as error:
        raise UsageError(f"gpu_memory: {error}") from error


def environment(name: str, project: str | os.PathLike[str] | None = None, *, build: bool = False) -> CallEnvironment:
    """An environment of a project, by its name, to call functions in it.

    ``project``: the project's folder; without one it is found as the commands find it. ``build``: build the
    environment where it isn't there. Raises ``UsageError`` and ``ConfigurationError`` where there is none of that name.
    """
    folder = locate(None if project is None else Path(os.path.abspath(project)))
    if definition_record.read(folder, name) is None:
        from pipeline.config import environments
        from pipeline.config.source import require_name

        require_name("environment", name, environments.names(folder), "pipeline env list")
    return CallEnvironment(folder, name, build)
