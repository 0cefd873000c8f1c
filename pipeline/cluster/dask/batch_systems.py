"""Which system is asked how a cluster's nodes were lost."""

import os

from pipeline.cluster.batch.batch_system import BatchSystem
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, KubernetesPods, SlurmJobs
from pipeline.cluster.kubernetes.kubernetes_system import KubernetesSystem
from pipeline.cluster.kubernetes.pod_api import PodApi
from pipeline.cluster.kubernetes.pod_template import selector
from pipeline.cluster.slurm.slurm_system import SlurmSystem

POLL_SECONDS = 30.0  # between two looks


def of(definition: ClusterDefinition, owner: str) -> BatchSystem:
    """Slurm also for nodes that joined by themselves: they may be jobs of it, and it is asked only where they are."""
    deployment = definition.deployment
    if isinstance(deployment, KubernetesPods):
        return KubernetesSystem(PodApi(deployment), selector(owner))
    return SlurmSystem(os.environ)


def poll_seconds(definition: ClusterDefinition) -> float:
    deployment = definition.deployment
    return deployment.poll_seconds if isinstance(deployment, SlurmJobs | KubernetesPods) else POLL_SECONDS
