"""What a workflow needs and isn't there: locked, built and fetched where that is allowed, else told."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from pipeline.errors import NotReady
from pipeline.progress import Progress

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.prepare.readiness import MissingParts
    from pipeline.setup.tasks import SetupTask

ROUNDS = 3  # what looks at the input may be missing first, and what the input needs after that

Made = TypeVar("Made")


class Permission(Protocol):
    """Whether what is missing may be built and fetched, and how that is done."""

    def covers(self, missing: "MissingParts") -> bool: ...
    def step(self, missing: "MissingParts") -> str:
        """What comes next where it doesn't."""

    def perform(self, tasks: "Sequence[SetupTask]") -> None:
        """Raises ``NotReady`` with what failed."""


def with_parts(catalog: "Catalog", make: Callable[[], Made], permission: Permission) -> Made:
    """What ``make`` gives once nothing is missing that it needs. Environments without packages are built without
    permission: that takes a moment and fetches nothing.

    Raises ``NotReady`` with what is missing where it must not be built, or can't.
    """
    from pipeline.prepare.readiness import MissingParts

    for _ in range(ROUNDS):
        try:
            return make()
        except MissingParts as missing:
            if not missing.can_be_built:
                raise
            if not (_fetches_nothing(catalog, missing) or permission.covers(missing)):
                raise NotReady(missing.message, permission.step(missing)) from missing
            permission.perform(_tasks(catalog, missing))
    return make()


def make_locks(catalog: "Catalog", workflow: str, show: Progress) -> None:
    """Locks for the environments of the workflow's stages that have none. Raises what keeps one from being made."""
    from pipeline.envs.lockfiles.resolve import Upgrade
    from pipeline.setup import lock

    uses = dict.fromkeys(use.uses for use in catalog.workflow(workflow).stages.values())
    names = dict.fromkeys(catalog.stage(name).environment for name in uses)
    locked = [name for name in names if catalog.variants(name)[0].lock]
    unlocked = [each for each in lock.with_locks(catalog, locked) if not each.locked.is_file()] if locked else []
    for result in lock.make(catalog, unlocked, Upgrade(), show) if unlocked else ():
        if result.error:
            raise result.error
        show(f"requirements/{result.definition.locked.name} written")


def _fetches_nothing(catalog: "Catalog", missing: "MissingParts") -> bool:
    from pipeline.envs.lockfiles.without_packages import is_without

    return not missing.models and all(is_without(catalog.environment(name)) for name in missing.environments)


def _tasks(catalog: "Catalog", missing: "MissingParts") -> "list[SetupTask]":
    from pipeline.setup import bootstrap
    from pipeline.setup.tasks import SetupSelection

    return bootstrap.tasks(catalog, SetupSelection(missing.environments, missing.models), force=False)
