"""Builds as the builder leaves them, without building any."""

from pipeline.envs.gc.survey import BuildFolder, survey
from pipeline.envs.registry import Registry


def found(registry: Registry) -> dict[str, BuildFolder]:
    return {each.path.name: each for each in survey(registry)}


def states(registry: Registry) -> dict[str, str]:
    return {each.path.name: each.state.value for each in survey(registry)}
