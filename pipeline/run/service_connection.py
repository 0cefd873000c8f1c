"""A service that a run holds: connected to, and watched beside the loop."""

import contextlib
import os
import select
import socket
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.executors import runtime_folder
from pipeline.host.resources import Grant
from pipeline.run.background_thread import Act, BackgroundThread
from pipeline.run.task import ServiceAccess
from pipeline.run.timers import now
from pipeline.services.client import SUPERVISOR_ENDED, connect
from pipeline.services.folder import ServiceFolder
from pipeline.services.live_services import stop_unused
from pipeline.services.order import ServiceOrder
from pipeline.services.status import FailureKind, ServiceFailure, ServiceState, ServiceStatus
from pipeline.values import ValidationError

if TYPE_CHECKING:
    from pipeline.run.job_run import JobRun

MOST_BEGINNINGS = 10  # in one run, of a service that somebody stops again and again

STRANGE = "its supervisor is of another version of pipeline; end it with: pipeline service stop --all --force"

Changed = Callable[["ServiceConnection", "ServiceStatus | None"], None]  # gets what it was before


class ServiceConnection:
    """``changed`` is called for each new status, in the loop's thread."""

    def __init__(self, order: ServiceOrder, grant: Grant, wake: Act, changed: Changed) -> None:
        self.order = order
        self.grant: Grant | None = grant  # None where it needs nothing (any more)
        self.status: ServiceStatus | None = None  # None until somebody has answered
        self.was_there = False  # somebody else had started it
        self.beginnings = 1  # in this run
        self.losses = 0  # how often it was ready and then wasn't any more
        self.users: dict[str, tuple[JobRun, str]] = {}  # by job, with the service's name in its plan
        self.is_mended = False  # what it failed for has been repaired since
        self.told, self.told_at = "", 0.0  # what was told of it last to who waits, and when
        self.began = now()
        self._changed = changed
        self._ended, self._end = socket.socketpair()
        self._watch = BackgroundThread(wake)
        self._watch.start(self._follow)

    @property
    def key(self) -> str:
        return self.order.key

    @property
    def state(self) -> ServiceState:
        return self.status.state if self.status else ServiceState.STARTING

    @property
    def is_ready(self) -> bool:
        return self.state is ServiceState.READY

    @property
    def is_over(self) -> bool:
        """Whether it will not be ready any more, unless it is started again."""
        return self.state in {ServiceState.ENDED, ServiceState.FAILED}

    @property
    def may_begin_again(self) -> bool:
        """Whether it may be started again: somebody has stopped it or killed its supervisor, or its environment was
        damaged and isn't any more."""
        if self.is_mended:
            return True
        failure = self.status.failure if self.status else None
        if self.state is ServiceState.ENDED:
            return self.beginnings < MOST_BEGINNINGS
        return failure is not None and failure.text == SUPERVISOR_ENDED and self.beginnings == 1

    @property
    def access(self) -> ServiceAccess:
        """Where it is. Only while it is ready."""
        assert self.status
        return ServiceAccess(dict(self.status.urls), self.status.token, self.losses)

    def handle(self) -> None:
        """Take what the watch has left to the loop."""
        self._watch.handle()

    def end(self, done: Act) -> None:
        """Let go of it, and end it unless somebody else uses it; then ``done`` is called, in the loop's thread."""
        self._end.close()
        self._watch.start(lambda _: self._end_unused(done))

    def _end_unused(self, done: Act) -> Act:
        with contextlib.suppress(OSError, runtime_folder.Unavailable):
            stop_unused(ServiceFolder.of(runtime_folder.locate(os.environ), self.key))
        return done

    def close(self) -> None:
        """Let go of it."""
        self._end.close()
        self._watch.close()
        self._ended.close()

    def _follow(self, post: Callable[[Act], None]) -> Act:
        """In the watch's thread: until the service is over, or nobody needs it any more."""
        try:
            return self._watched(post)
        except (ValueError, ValidationError):
            return partial(self._take, _not_started(STRANGE), False)

    def _watched(self, post: Callable[[Act], None]) -> Act:
        try:
            lease = self.grant.lease if self.grant else None
            keeping = [lease.descriptor] if lease else []
            client = connect(runtime_folder.locate(os.environ), self.order, keeping)
        except (PipelineError, runtime_folder.Unavailable, OSError) as error:
            text = error.message if isinstance(error, PipelineError) else str(error)
            return partial(self._take, _not_started(text), False)
        poller = select.poll()  # descriptors may be higher than ``select`` takes
        poller.register(client.fileno(), select.POLLIN)
        poller.register(self._ended, select.POLLIN)
        with closing(client):
            last = None
            while True:
                status = client.status()
                if status != last and (status.started_at or status.is_over):  # its supervisor has said something
                    last = status
                    post(partial(self._take, status, not client.has_started))
                if status.is_over or self._ended.fileno() in dict(poller.poll()):
                    return _nothing

    def _take(self, status: ServiceStatus, was_there: bool) -> None:
        self.was_there = was_there
        before = self.status
        if before and before.state is ServiceState.READY:
            self.losses += status.state is not ServiceState.READY or status.restarts != before.restarts
        self.status = status
        self._changed(self, before)


def is_running(order: ServiceOrder) -> bool:
    """Whether somebody has started it already."""
    try:
        ServiceFolder.of(runtime_folder.locate(os.environ), order.key).connect().close()
    except OSError:
        return False
    return True


def _not_started(text: str) -> ServiceStatus:
    return ServiceStatus(state=ServiceState.FAILED, failure=ServiceFailure(FailureKind.START_FAILED, text))


def _nothing() -> None:
    """What the loop has to do when a watch is over."""
