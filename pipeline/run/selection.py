"""The part of a job that is asked for: ``--from``, ``--until``, ``--only`` and ``--force``."""

from pipeline.values import Struct

ALL = "*"  # what --force means without a stage


class Selection(Struct, frozen=True):
    """Stages by planned name, as they were asked for."""

    start: str | None = None  # this one, and all that depends on it
    until: str | None = None  # this one, and all that it depends on
    only: str | None = None
    force: str | None = None  # run even if nothing changed; ``ALL`` of what is chosen
