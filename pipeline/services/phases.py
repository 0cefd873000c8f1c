"""Where a service is, and what comes next."""

from enum import Enum

from pipeline.services.status import ServiceState


class ServicePhase(Enum):
    """What others are told (``ServiceState``) has no ``WAITING``."""

    STARTING = "the program runs, and isn't ready"
    READY = "it is ready"
    STOPPING = "it was asked to end, or said that it ends"
    WAITING = "there is no program; one will be started"
    OVER = "there will be no program any more"


class Sequel(Enum):
    """What comes when a program that was asked to end has ended."""

    END = "the service ends"
    RESTART = "its program is started at once"
    RETRY = "its program is started after a pause, unless it failed too often"
    FAIL = "the service has failed"


STATES = {
    ServicePhase.STARTING: ServiceState.STARTING,
    ServicePhase.WAITING: ServiceState.STARTING,
    ServicePhase.READY: ServiceState.READY,
    ServicePhase.STOPPING: ServiceState.STOPPING,
}
UNFINISHED = {ServicePhase.STARTING, ServicePhase.READY, ServicePhase.WAITING}  # in which it ends where nobody uses it
