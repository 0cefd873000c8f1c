"""Where a job's environment comes from: apart, since every run reads it and few decide."""

from enum import StrEnum


class Source(StrEnum):
    """Where a job's environment comes from, in the order in which they are preferred."""

    LIVE = "live"  # the build that the name stands for
    INTERPRETER = "interpreter"  # somebody else's, which is what the definition asks for
    LEGACY = "legacy"  # somebody else's, which stands in for ours until that is built
    WAITED = "waited"  # ours, which another process was making
    BUILT = "built"  # ours, made for this job
    DEGRADED = "degraded"  # somebody else's that isn't healthy, since that was asked for


FOREIGN = frozenset({Source.INTERPRETER, Source.LEGACY, Source.DEGRADED})
