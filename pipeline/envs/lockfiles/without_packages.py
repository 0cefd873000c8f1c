"""Environments whose build takes a moment and fetches nothing: they have no packages, and our own Python fits."""

from pipeline.envs import interpreters
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import lockfile


def is_without(definition: Definition) -> bool:
    """Whether its lock has no packages, so that nobody has to be asked before it is built."""
    if definition.lock is None or not interpreters.own_fits(definition):
        return False
    try:
        return not lockfile.parse(definition.lock.read_text(encoding="utf-8")).pins
    except (OSError, ValueError):
        return False
