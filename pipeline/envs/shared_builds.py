"""A build that was made for another name, here or in another project of the same user: found by what it was built from,
and used.
"""

import os
from collections.abc import Iterator

from pipeline.envs import folder_names
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.registry import Registry, build_problem
from pipeline.errors import NotReady
from pipeline.locks import Held, exclusive


def live(registry: Registry, definition: Definition) -> Build | None:
    """The build that the name stands for; where that doesn't fit, one of another name or project that does."""
    return adopt(registry, definition) or registry.live(definition.name)


def adopt(registry: Registry, definition: Definition) -> Build | None:
    """The build that fits the definition, where its name stands for none that does: it stands for this one from now on.
    ``None`` where there is none, and where none is needed.

    On a disk that can only be read, the build is used all the same, and the name stays as it is.
    """
    if not _may_be_shared(registry, definition) or registry.problem(definition) is None:
        return None
    build = next(_fitting(registry, definition), None)
    if build is None or registry.place_problem(definition.name):
        return None
    try:
        registry.locks.mkdir(parents=True, exist_ok=True)
        with exclusive(registry.name_lock(definition.name)), exclusive(registry.key_lock(build.key)):
            if registry.at(definition.name, build.prefix) is None:
                return None  # it was removed just now
            registry.point(definition.name, build.prefix)
    except Held:  # another one is building, repairing or removing it
        return None
    except (OSError, NotReady):  # it can't be written to, or has no locks
        return build
    return build


def _may_be_shared(registry: Registry, definition: Definition) -> bool:
    return definition.lock is not None and (registry.projects is None or not names_project(definition))


def names_project(definition: Definition) -> bool:
    """Whether the project's folder is in the variables that its packages are built with: then each project's build is
    its own, since a compiler may have read files there.
    """
    return any("{project}" in template for _, template in definition.variables)


def _fitting(registry: Registry, definition: Definition) -> Iterator[Build]:
    """The builds that could be the definition's, the latest first."""
    try:
        folders = [entry for entry in os.scandir(registry.builds) if folder_names.parsed(entry.name)]
    except OSError:
        return
    for entry in sorted(folders, key=lambda each: -each.stat(follow_symlinks=False).st_mtime):
        build = registry.at(definition.name, registry.builds / entry.name)
        if build and build_problem(definition, build) is None:
            yield build
