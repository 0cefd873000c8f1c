"""Where a run's stages may run. Another place is one line in the table."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.project import ProjectFolder
    from pipeline.run.workplace import Elsewhere

LOCAL = "local"  # this machine


def _dask(project: "ProjectFolder", cluster: str) -> "Elsewhere":
    from pipeline.cluster.cluster_run import elsewhere

    return elsewhere(project, cluster)


WORKPLACES: "Mapping[str, Callable[[ProjectFolder, str], Elsewhere]]" = {"dask": _dask}


def workplace_of(project: "ProjectFolder", executor: str, cluster: str) -> "Elsewhere | None":
    """``None``: this machine. ``executor``: empty where nobody said; ``cluster`` likewise.

    Raises ``UsageError`` and ``ConfigurationError``.
    """
    if executor == LOCAL and cluster:
        from pipeline.errors import UsageError

        raise UsageError("--cluster is for stages that run on its nodes, and --executor local runs them here")
    name = executor or ("dask" if cluster else LOCAL)
    return None if name == LOCAL else WORKPLACES[name](project, cluster)
