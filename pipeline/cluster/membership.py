"""The nodes of a cluster that a project defines, for a run: the one place that brings in what deploys them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.cluster.definitions.cluster_definition import ClusterDefinition
from pipeline.cluster.definitions.cluster_secrets import secrets_of
from pipeline.cluster.extras import install_command
from pipeline.errors import NotReady
from pipeline.project import ProjectFolder

if TYPE_CHECKING:
    from pipeline.cluster.dask.dask_members import DaskMembers

LOGS = "clusters"  # a folder among the project's logs


def members_of(project: ProjectFolder, definition: ClusterDefinition, wake: Callable[[], None]) -> "DaskMembers":
    """``Members``, with the ``token`` of the nodes' agents, and ``tls`` for those that aren't on loopback.

    Raises ``NotReady`` without Dask, without certificates or with old ones, and ``OSError``.
    """
    try:
        from pipeline.cluster.dask.dask_members import DaskMembers, MembersSettings
    except ImportError as error:
        raise NotReady(f"clusters need Dask: {error}", install_command("dask")) from error
    settings = MembersSettings(definition, secrets_of(project, definition.name), project.logs / LOGS)
    return DaskMembers(settings, wake)
