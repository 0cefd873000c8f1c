"""What a workflow needs and isn't there: locked, built and fetched where that is allowed, else told."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from pipeline.cli import setup_display
from pipeline.errors import NotReady
from pipeline.progress import Progress
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.prepare.readiness import MissingParts

ROUNDS = 3  # what looks at the input may be missing first, and what the input needs after that

Made = TypeVar("Made")


def with_parts(catalog: "Catalog", make: Callable[[], Made], builds: bool, again: str) -> Made:
    """What ``make`` gives once nothing is missing that it needs. ``builds``: without asking. ``again``: the command
    that may build. Environments without packages are built in any case: that takes a moment and fetches nothing.

    Raises ``NotReady`` with what is missing where it must not be built, or can't.
    """
    from pipeline.prepare.readiness import MissingParts

    for _ in range(ROUNDS):
        try:
            return make()
        except MissingParts as missing:
            if not missing.can_be_built:
                raise
            if not (builds or _fetches_nothing(catalog, missing) or _is_allowed(missing)):
                step = f"{again}   makes it ready, and runs it"
                raise NotReady(missing.message, step) from missing
            _make_ready(catalog, missing)
    return make()


def again_with(option: str) -> str:
    """This command once more, with one more option."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:]]
    place = words.index("--") if "--" in words else len(words)
    return printable(shlex.join([*words[:place], option, *words[place:]]))


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


def _is_allowed(missing: "MissingParts") -> bool:
    """A person at a terminal is asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    click.echo(missing.message, err=True)
    return click.confirm("Make it ready now? It may take minutes", default=True, err=True)


def _make_ready(catalog: "Catalog", missing: "MissingParts") -> None:
    from pipeline.setup import bootstrap
    from pipeline.setup.tasks import SetupSelection

    setup_display.handle_signals()
    selection = SetupSelection(missing.environments, missing.models)
    setup_display.perform(bootstrap.tasks(catalog, selection, force=False))
