"""The pod that this process runs in."""

from collections.abc import Mapping

from pipeline.cluster.batch.batch_job import BatchJob
from pipeline.cluster.definitions.pod_definition import POD


def of_process(variables: Mapping[str, str]) -> BatchJob | None:
    """``None`` outside of a node's pod. Nothing in a pod says when its time is over."""
    return BatchJob(name) if (name := variables.get(POD)) else None
