"""Bringing in the library that deploys a cluster's nodes, before anything of the cluster is there."""

import contextlib
import signal
from collections.abc import Iterator

from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, KubernetesPods, SlurmJobs, SshHosts
from pipeline.cluster.extras import install_command
from pipeline.errors import NotReady


def bring_in(definition: ClusterDefinition) -> None:
    """For the main thread. Raises ``NotReady`` where it isn't installed."""
    try:
        if isinstance(definition.deployment, SlurmJobs):
            with _own_interrupt():
                import dask_jobqueue.slurm  # noqa: F401
        elif isinstance(definition.deployment, SshHosts):
            import asyncssh  # noqa: F401
        elif isinstance(definition.deployment, KubernetesPods):
            import kubernetes.client  # noqa: F401
    except ImportError as error:
        step = install_command(definition.kind)
        raise NotReady(f"clusters of the kind {definition.kind} need a library: {error}", step) from error


@contextlib.contextmanager
def _own_interrupt() -> Iterator[None]:
    """dask-jobqueue takes Ctrl-C for itself when it is imported, which only the main thread can do."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
