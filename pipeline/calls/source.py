"""What is called, and where."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.calls.interpreter import CallInterpreter
from pipeline.policy import ResourceRequest
from pipeline.project import ProjectFolder
from pipeline.values import Struct


class CallSource(Struct, frozen=True):
    """A file in an environment, and what of it is called."""

    project: ProjectFolder
    environment: str
    interpreter: CallInterpreter
    file: Path
    object: str | None = None  # the class of which one is made, or a function that makes one
    positional: Sequence[Any] = ()
    named: Mapping[str, Any] = {}
    classes: tuple[type, ...] = ()  # dataclasses that results are made of again
    variables: Mapping[str, str] = {}
    resources: ResourceRequest = ResourceRequest()

    @property
    def shown(self) -> str:
        return f"{self.file.name}:{self.object}" if self.object else self.file.name
