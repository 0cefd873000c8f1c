"""Where a job's environment comes from. A module of its own: every run reads this, and no run decides it."""

from enum import StrEnum


class EnvironmentSource(StrEnum):
    """The preferred one first."""

    LIVE = "live"  # the build that the name stands for
    INTERPRETER = "interpreter"  # an external environment that the definition asks for
    LEGACY = "legacy"  # an external environment that is used until ours is built
    WAITED = "waited"  # a build that another process was making
    BUILT = "built"  # a build that was made for this job
    DEGRADED = "degraded"  # an external environment that has a problem, with --allow-degraded


EXTERNAL = frozenset({EnvironmentSource.INTERPRETER, EnvironmentSource.LEGACY, EnvironmentSource.DEGRADED})
