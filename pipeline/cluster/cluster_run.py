"""A cluster that a project defines, as the place where the stages of a run run."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from pipeline.cluster.definitions import cluster_file
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition
from pipeline.cluster.driver.cluster_workplace import ClusterParts, ClusterWorkplace
from pipeline.cluster.driver.mailbox import Mailbox
from pipeline.cluster.driver.node_session import Letter
from pipeline.cluster.membership import members_of
from pipeline.errors import UsageError
from pipeline.host.resources import Ledger
from pipeline.project import ProjectFolder
from pipeline.run.context import RunContext
from pipeline.run.workplace import Elsewhere

SILENCE_SECONDS = 15.0  # that a node may leave a question without an answer, and still be there


def elsewhere(project: ProjectFolder, name: str) -> Elsewhere:
    """``name``: of ``config/clusters.yaml``, or a scheduler's address; where it is empty, the only one that there is.

    Raises ``UsageError`` and ``ConfigurationError``. The context that is returned raises as ``members_of``.
    """
    return partial(_workplace, cluster_file.named(project, name or _only(project)))


def _only(project: ProjectFolder) -> str:
    known = list(cluster_file.load(project))
    if len(known) == 1:
        return known[0]
    which = f"there are {', '.join(known)}" if known else "the project defines none (config/clusters.yaml)"
    raise UsageError(f"which cluster? {which}", "name one with --cluster NAME, or --cluster tcp://127.0.0.1:8786")


@contextmanager
def _workplace(definition: ClusterDefinition, context: RunContext, ledger: Ledger) -> Iterator[ClusterWorkplace]:
    with closing(Mailbox[Letter]()) as mailbox:
        members = members_of(context.project, definition, mailbox.ring)
        with closing(members):
            context.observer.progress(f"waiting for nodes of cluster {definition.name}")
            client = partial(members.client, seconds=SILENCE_SECONDS)
            packages = _packages(context.project, definition)
            parts = ClusterParts(members, client, definition.licences, definition.shared, packages)
            with closing(ClusterWorkplace(context, ledger, parts, mailbox)) as place:
                yield place


def _packages(project: ProjectFolder, definition: ClusterDefinition) -> Path | None:
    """Raises ``UsageError`` where the folder isn't there."""
    if not definition.packages:
        return None
    folder = project.root / definition.packages
    if not folder.is_dir():
        raise UsageError(
            f"cluster {definition.name}: {folder}, for packages, is no folder", "mend config/clusters.yaml"
        )
    return folder
