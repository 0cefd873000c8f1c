"""The services that a run's stages use: started before the first of these, held as long as one may need them.

Nothing here waits. A stage whose services aren't ready goes back to the backlog until one of them has changed.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from pipeline.host.resources import Grant, Ledger
from pipeline.jobs.events import ServiceEnded, ServiceReady, ServiceStarted
from pipeline.policy import ResourceRequest
from pipeline.run import service_orders
from pipeline.run.background_thread import Act
from pipeline.run.backlog import Backlog
from pipeline.run.failures.evidence import ServiceTrouble
from pipeline.run.failures.message import Failure
from pipeline.run.job_run import JobRun
from pipeline.run.service_connection import ServiceConnection, is_running
from pipeline.run.service_failures import ServiceRefusal, is_suspect, suspicion_of, trouble_of
from pipeline.run.task import LiveAttempt, Task
from pipeline.run.timers import Timers, now
from pipeline.run.workplace import LEASE_SECONDS
from pipeline.services.order import ServiceOrder
from pipeline.services.status import ServiceState, ServiceStatus
from pipeline.values import replace

ROOM = "room"  # what a stage waits for whose services don't fit beside those that there are
TELLING_SECONDS = 5  # between two lines on how far a service is; it may say each percent
SETTLE_SECONDS = 0.5  # until a service's end is known for sure that a stage has noticed first

Settle = Callable[[LiveAttempt, Failure], None]
Refuse = Callable[[Task, ServiceRefusal], None]
EndAll = Callable[[Callable[[LiveAttempt], bool]], None]  # ends the attempts of which this is true


class RunServices:
    """``refuse`` gets each stage that can't run, since a service of it has failed. ``end_all`` is for the attempts that
    use a service which won't come back."""

    def __init__(  # noqa: PLR0913, PLR0917  # the parts of a run
        self, wake: Act, ledger: Ledger, backlog: Backlog, timers: Timers, refuse: Refuse, end_all: EndAll
    ) -> None:
        self._wake = wake
        self._ledger = ledger
        self._backlog = backlog
        self._timers = timers
        self._refuse = refuse
        self._end_all = end_all
        self._held: dict[str, ServiceConnection] = {}  # by key
        self._orders: dict[tuple[str, str], ServiceOrder] = {}  # by job and the service's name in it
        self._leaving: list[ServiceConnection] = []  # which end, so that something else has room
        self._own: set[str] = set()  # keys of services that this run has started, some time

    def are_ready(self, job: JobRun, task: Task, grant: Grant) -> bool:
        """Whether the task can run now, which then knows where its services are. Else it has been put somewhere.

        ``grant``: what the task would run with. Raises as ``service_orders.order_of`` does.
        """
        job.attempts.begin_run()
        orders = {slot: self._order(job, name) for slot, name in task.stage.services.items()}
        for slot, order in orders.items():
            held = self._held.get(order.key)
            if held and held.is_over and not held.may_begin_again:
                self._refuse(task, self._refusal(job, task.stage.services[slot], held))
                return False
        if not self._begin(list({each.key: each for each in orders.values()}.values()), grant):
            self._backlog.wait(task, ROOM)
            if any(order.resources.gpus for order in orders.values()):  # which another run may have: nobody tells
                self._timers.add(LEASE_SECONDS, partial(self._backlog.release, ROOM))
            return False
        for slot, order in orders.items():
            self._use(job, task.stage.services[slot], self._held[order.key])
        unready = next((held for order in orders.values() if not (held := self._held[order.key]).is_ready), None)
        if unready is not None:
            self._backlog.wait(task, unready.key)
            self._tell_waiting(job, task, unready)
            return False
        task.services = {slot: self._held[order.key].access for slot, order in orders.items()}
        return True

    def judge(self, live: LiveAttempt, failure: Failure, settle: Settle) -> None:
        """Let a failed attempt be settled: as its service's, where one was lost while it ran.

        The stage may have noticed that before we have, so a failure that looks like it waits for a moment.
        """
        if not is_suspect(failure) or self._lost(live):
            settle(live, self._blamed(live, failure))
        else:
            self._timers.add(SETTLE_SECONDS, lambda: settle(live, self._blamed(live, failure)))

    def handle(self) -> None:
        """Take in what services have said."""
        for held in [*self._held.values(), *self._leaving]:
            held.handle()

    def let_go(self, jobs: Sequence[JobRun]) -> None:
        """Of services that none of these jobs, which are those that still run, needs any more.

        Those that wait for room may look again.
        """
        live = {job.job.id for job in jobs}
        for held in list(self._held.values()):
            for id, (job, name) in list(held.users.items()):
                if id not in live:
                    del held.users[id]
                elif not job.services.is_needed(name):
                    del held.users[id]
                    job.note_service(ServiceEnded(name))
            if not held.users:
                self._close(held)
        self._backlog.release(ROOM)

    def make_room(self, first: Task | None) -> None:
        """Where nothing runs and nothing fits: end services that the first task, or who waits, doesn't need.

        They are started again when their next stage comes.
        """
        waiting = self._backlog.waiting(ROOM)
        if self._leaving or any(self._backlog.waiting(held.key) for held in self._held.values() if not held.is_ready):
            return
        wanted = next(iter(waiting), first)
        if wanted is None:
            return
        needed = {self._orders[wanted.job_id, name].key for name in self._names(wanted)}
        spare = [held for held in self._held.values() if held.key not in needed]
        for held in spare:
            del self._held[held.key]
            if held.grant:
                self._leaving.append(held)
                held.end(partial(self._has_left, held))
            else:  # it takes nothing of ours
                held.close()

    def _has_left(self, held: ServiceConnection) -> None:
        self._leaving.remove(held)
        self._give_back(held)
        held.close()
        self._backlog.release(ROOM)

    def close(self) -> None:
        for held in list(self._held.values()):
            self._close(held)
        for held in self._leaving:
            held.close()

    def _refusal(self, job: JobRun, name: str, held: ServiceConnection) -> ServiceRefusal:
        suspicion = suspicion_of(job.job, job.services.planned(name), held)
        trouble = trouble_of(name, held, was_used=False)
        return ServiceRefusal(trouble, suspicion, partial(self._begin_again, job, name, held))

    def _begin_again(self, job: JobRun, name: str, held: ServiceConnection) -> None:
        """Its environment stands for another build now."""
        held.is_mended = True
        self._orders[job.job.id, name] = job.service_order(name)

    def _order(self, job: JobRun, name: str) -> ServiceOrder:
        place = job.job.id, name
        if place not in self._orders:
            self._orders[place] = job.service_order(name)
        return self._orders[place]

    def _names(self, task: Task) -> Iterator[str]:
        return (name for name in task.stage.services.values() if (task.job_id, name) in self._orders)

    def _begin(self, orders: Sequence[ServiceOrder], grant: Grant) -> bool:
        """Whether all of them are held now, those that are over again."""
        missing = [order for order in orders if order.key not in self._held or self._held[order.key].is_over]
        grants = self._ledger.hold([_needs(order) for order in missing], grant)
        if grants is None:
            return False
        for order, own in zip(missing, grants, strict=True):
            before = self._held.get(order.key)
            if before:
                self._close(before)
            held = ServiceConnection(service_orders.with_grant(order, own), own, self._wake, self._changed)
            if before:
                held.losses, held.beginnings = before.losses + 1, before.beginnings + 1
            self._held[order.key] = held
        return True

    def _use(self, job: JobRun, name: str, held: ServiceConnection) -> None:
        if job.job.id in held.users:
            return
        held.users[job.job.id] = (job, name)
        if held.status:
            job.note_service(ServiceStarted(name, held.key, held.was_there))
            if held.is_ready:
                job.note_service(ServiceReady(name, 0.0))

    def _changed(self, held: ServiceConnection, before: ServiceStatus | None) -> None:
        self._note_change(held, before)
        if not held.was_there:
            self._own.add(held.key)
            if held.grant:  # its cards are its supervisor's, which may outlive us
                held.grant = self._ledger.hand_over(held.grant)
        if held.is_over or held.key not in self._own:  # who has started it counts what it needs
            self._give_back(held)
        if held.state is ServiceState.FAILED:
            self._end_all(lambda live: held.key in self._keys_of(live))
        if held.is_ready or held.is_over:
            self._backlog.release(held.key)
        elif waiting := self._backlog.waiting(held.key):
            self._tell_waiting(held.users[waiting[0].job_id][0], waiting[0], held)

    def _note_change(self, held: ServiceConnection, before: ServiceStatus | None) -> None:
        was_ready = before is not None and before.state is ServiceState.READY
        if before is None:
            self._note(held, lambda name: ServiceStarted(name, held.key, held.was_there))
        failure = held.status.failure if held.status else None
        if failure and failure != (before.failure if before else None):
            self._note(held, lambda name: ServiceEnded(name, failure.text, failure.kind.value, failure.log_lines))
        if held.is_ready and not was_ready:
            held.told = ""
            seconds = round(now() - held.began, 3)
            self._note(held, lambda name: ServiceReady(name, seconds))
        elif was_ready and not held.is_ready:
            held.began = now()

    def _tell_waiting(self, job: JobRun, task: Task, held: ServiceConnection) -> None:
        """To one of those that wait, unless it was told."""
        message = held.status.message if held.status else ""
        name = held.users[job.job.id][1]
        because = f"its service '{name}' isn't ready yet{f': {message}' if message else ''}"
        if because != held.told and not (held.told and now() - held.told_at < TELLING_SECONDS):
            held.told, held.told_at = because, now()
            job.tell_waiting(task, because)

    def _note(
        self, held: ServiceConnection, event: "Callable[[str], ServiceStarted | ServiceReady | ServiceEnded]"
    ) -> None:
        for job, name in held.users.values():
            job.note_service(event(name))

    def _blamed(self, live: LiveAttempt, failure: Failure) -> Failure:
        lost = self._lost(live)
        return failure.with_service(lost) if lost and is_suspect(failure) else failure

    def _keys_of(self, live: LiveAttempt) -> set[str]:
        return {self._orders[live.job_id, live.task.stage.services[slot]].key for slot in live.task.services}

    def _lost(self, live: LiveAttempt) -> ServiceTrouble | None:
        """The service that was lost while an attempt used it."""
        for slot, access in live.task.services.items():
            name = live.task.stage.services[slot]
            held = self._held.get(self._orders[live.job_id, name].key)
            if held and (held.losses != access.losses or not held.is_ready):
                return trouble_of(name, held, was_used=True)
        return None

    def _close(self, held: ServiceConnection) -> None:
        del self._held[held.key]
        held.close()
        self._give_back(held)

    def _give_back(self, held: ServiceConnection) -> None:
        if held.grant:
            self._ledger.give_back(held.grant)
            held.grant = None


def _needs(order: ServiceOrder) -> ResourceRequest:
    """Of the machine. A service that runs has its cards already, and nobody could have them twice."""
    there = order.resources.gpus and is_running(order)
    return replace(order.resources, gpus=0, gpu_memory=None) if there else order.resources
