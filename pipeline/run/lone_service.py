"""A service that a person runs by itself, outside of any job: its stage as an order to a supervisor."""

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.envs.build import Build
from pipeline.envs.registry import MARKER
from pipeline.process import Interpreter
from pipeline.project import ProjectFolder
from pipeline.run.stage_call import StageCall, invocation
from pipeline.sdk.protocol import RUN_VARIABLE
from pipeline.services.definition import ServiceDefinition
from pipeline.services.order import ServiceOrder
from pipeline.values import plain, replace


@dataclass(frozen=True)
class LoneService:
    """A service that is about to be started, with the environment that it gets."""

    call: StageCall
    definition: ServiceDefinition
    interpreter: Interpreter
    build: Build
    cards: Mapping[str, str]  # variables by which it sees its GPUs


def order_of(project: ProjectFolder, served: LoneService, token: str, version: int) -> ServiceOrder:
    """``version``: which of the versions that this process starts. No job shares it: its key is its own.

    Raises ``ConfigurationError`` where a file of the stage isn't there.
    """
    call, interpreter = served.call, served.interpreter
    content = invocation(project, call)
    places = ("output_folder", "work")  # it has no outputs, and works in its supervisor's folder
    variables = {**interpreter.variables, **served.cards}
    return ServiceOrder(
        key=_own_key(call.spec.name, version),
        name=call.spec.name,
        project=str(project.root),
        definition=replace(served.definition, idle_seconds=0.0),
        python=str(interpreter.python),
        prefix=str(interpreter.prefix),
        variables={name: value for name, value in variables.items() if name != RUN_VARIABLE},
        stage_file=content.stage_file,
        invocation={name: value for name, value in plain(content).items() if name not in places},
        modules=tuple(content.modules),
        log=str(_log(project, call.spec.name, version)),
        lease=str(served.build.prefix / MARKER) if served.build.is_ours else "",
        token=token,
    )


def _log(project: ProjectFolder, name: str, version: int) -> Path:
    """It outlives the service, since its last lines may say why that has ended. Two versions write at a time."""
    log = project.logs / "services" / f"{name}-served-{version % 2}.log"
    log.unlink(missing_ok=True)
    return log


def _own_key(name: str, version: int) -> str:
    facts = f"{name}\0{version}\0{os.getpid()}\0{time.time_ns()}"
    return f"served:{hashlib.sha256(facts.encode()).hexdigest()}"
