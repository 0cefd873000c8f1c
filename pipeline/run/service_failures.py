"""What a service's end means for a stage that uses it, or would."""

from typing import TYPE_CHECKING

from pipeline.run.failures.classes import FailureClass
from pipeline.run.failures.evidence import ServiceTrouble
from pipeline.run.failures.message import Failure

if TYPE_CHECKING:
    from pipeline.run.held_service import HeldService

STOPPED = "stopped"  # in the place of a ``FailureKind``: somebody has ended it, or its supervisor

# In these ways a stage may fail whose service doesn't answer any more.
SUSPECT = {FailureClass.STAGE_ERROR, FailureClass.TIMEOUT, FailureClass.KILLED, FailureClass.ENVIRONMENT_SUSPECTED}


def is_suspect(failure: Failure) -> bool:
    """Whether a lost service may be why the stage has failed."""
    return failure.kind in SUSPECT


def trouble_of(name: str, held: "HeldService", was_used: bool) -> ServiceTrouble:
    """``name``: as the plan has it."""
    status = held.status
    failure = status.failure if status else None
    return ServiceTrouble(
        name=name,
        kind=failure.kind.value if failure else STOPPED,
        text=failure.text if failure else "it was stopped",
        log_lines=failure.log_lines if failure else (),
        log=status.log if status else "",
        was_used=was_used,
    )
