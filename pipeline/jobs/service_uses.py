"""What a job's journal says of the services that its stages use."""

from collections.abc import Iterable

from pipeline.jobs.events import AnyEvent, ServiceEnded, ServiceEvent, ServiceReady, ServiceStarted
from pipeline.jobs.plan import Plan
from pipeline.values import Struct, replace

WAITING, STARTING, READY, ENDED, FAILED = "waiting", "starting", "ready", "ended", "failed"


class ServiceUse(Struct, frozen=True, kw_only=True):
    """A service of the plan, as the job's last run met it."""

    name: str
    uses: str  # the name of its stage's file, by which ``pipeline service`` knows it
    environment: str
    users: tuple[str, ...]  # stages of the plan
    state: str = WAITING
    is_shared: bool = False  # somebody else had started it
    ready_seconds: float | None = None  # until it was ready, the last time
    failures: tuple[str, ...] = ()  # with their class, in their order
    last_lines: tuple[str, ...] = ()  # of its log, at the last failure


def of_job(plan: Plan, events: Iterable[AnyEvent]) -> tuple[ServiceUse, ...]:
    """In the plan's order."""
    found = {
        service.name: ServiceUse(
            name=service.name,
            uses=service.stage.uses,
            environment=service.stage.environment,
            users=tuple(stage.name for stage in plan.stages if service.name in stage.services.values()),
        )
        for service in plan.services
    }
    for event in events:
        if isinstance(event, ServiceEvent) and event.service in found:  # else of an earlier plan
            found[event.service] = _after(found[event.service], event)
    return tuple(found.values())


def _after(before: ServiceUse, event: ServiceEvent) -> ServiceUse:
    if isinstance(event, ServiceStarted):
        return replace(before, state=STARTING, is_shared=event.shared)
    if isinstance(event, ServiceReady):
        return replace(before, state=READY, ready_seconds=event.seconds)
    assert isinstance(event, ServiceEnded)
    if not event.kind:
        return replace(before, state=FAILED if before.state == FAILED else ENDED)
    failures = (*before.failures, f"{event.kind}: {event.reason}")
    return replace(before, state=FAILED, failures=failures, last_lines=event.log_lines)


def words(use: ServiceUse) -> str:
    """One line for a person."""
    parts = [f"environment {use.environment}", use.state]
    if use.is_shared:
        parts.append("started by somebody else")
    if use.ready_seconds:
        parts.append(f"ready after {use.ready_seconds:.1f} s")
    return f"service {use.name}: {', '.join([*parts, *use.failures])}"
