"""What a service's end means for a stage that uses it, or would."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedService
from pipeline.run.failures.classes import FREE_ATTEMPTS, FailureClass
from pipeline.run.failures.evidence import Evidence, ServiceTrouble, Unrepairable
from pipeline.run.failures.message import Failure
from pipeline.services.status import FailureKind, ServiceFailure
from pipeline.values import Struct

if TYPE_CHECKING:
    from pipeline.run.service_connection import ServiceConnection

STOPPED = "stopped"  # in the place of a ``FailureKind``: somebody has ended it, or its supervisor

# In these ways a stage may fail whose service doesn't answer any more.
SUSPECT = {FailureClass.STAGE_ERROR, FailureClass.TIMEOUT, FailureClass.KILLED, FailureClass.ENVIRONMENT_SUSPECTED}


class ServiceRefusal(Struct, frozen=True):
    """A service isn't there for a stage that needs it."""

    trouble: ServiceTrouble
    suspicion: Failure | None  # of the service's program: its environment may be damaged
    begin_again: Callable[[], None]  # once that was repaired


def is_suspect(failure: Failure) -> bool:
    """Whether a lost service may be why the stage has failed."""
    return failure.kind in SUSPECT


def trouble_of(name: str, held: "ServiceConnection", was_used: bool) -> ServiceTrouble:
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


def suspicion_of(job: PlannedJob, service: PlannedService, held: "ServiceConnection") -> Failure | None:
    """The failure of a service's program, as a stage's would be told, for a look at its environment.

    ``None`` where no program has failed, or where it was started again often enough.
    """
    status = held.status
    if status is None or status.failure is None or not status.started_at or held.beginnings > FREE_ATTEMPTS:
        return None
    evidence = _evidence(status.failure, held.order.prefix)
    if evidence is None:
        return None
    stage = service.stage
    log = Path(status.log) if status.log else job.log(service.name)
    return Failure(job.id, service.name, f"'{service.name}'", stage.environment, stage.file, evidence, log)


def _evidence(failure: ServiceFailure, prefix: str) -> Evidence | None:
    if failure.kind is FailureKind.START_FAILED:
        return Evidence(prefix, wrong_environment=True)  # where its interpreter is whole, nobody has said why
    if failure.code is None:
        return None
    return Evidence(prefix, failure.code, last_lines=failure.log_lines)


def with_verdict(refusal: ServiceRefusal, suspicion: Failure) -> ServiceRefusal:
    """Tells of a damage that can't be repaired."""
    verdict = suspicion.evidence.verdict
    if not isinstance(verdict, Unrepairable):
        return refusal
    trouble = refusal.trouble
    damage = f"; its environment '{suspicion.environment}' can't be repaired: {verdict.reason}"
    return ServiceRefusal(replace(trouble, text=trouble.text + damage), suspicion, refusal.begin_again)
