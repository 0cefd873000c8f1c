"""The services of one job, and which of them its stages may still need."""

from collections import deque
from collections.abc import Callable, Sequence

from pipeline.jobs.plan import PlannedService, PlannedStage
from pipeline.policy import ResourceRequest


class JobServices:
    def __init__(
        self, services: Sequence[PlannedService], stages: Sequence[PlannedStage], is_over: Callable[[str], bool]
    ) -> None:
        """``stages``: those that may run. ``is_over``: whether a stage has its result, or never will; it stays so."""
        self._planned = {service.name: service for service in services}
        self._users = {
            name: deque(each.name for each in stages if name in each.services.values()) for name in self._planned
        }
        self._is_over = is_over

    def planned(self, name: str) -> PlannedService:
        return self._planned[name]

    def beside(self, stage: PlannedStage) -> list[ResourceRequest]:
        """What the services need that a stage uses."""
        return [self._planned[name].stage.resources for name in set(stage.services.values())]

    def is_needed(self, name: str) -> bool:
        """Whether a stage may still come that uses it."""
        users = self._users[name]
        while users and self._is_over(users[0]):  # each is looked at once: there may be ten thousand
            users.popleft()
        return bool(users)
