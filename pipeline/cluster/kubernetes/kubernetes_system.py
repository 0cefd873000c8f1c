"""Kubernetes as the system that runs nodes as pods."""

import asyncio
from collections.abc import Mapping

from pipeline.cluster.batch.batch_system import SystemUnavailable
from pipeline.cluster.kubernetes import pod_ends
from pipeline.cluster.kubernetes.errors import KubernetesError
from pipeline.cluster.kubernetes.pod_api import PodApi
from pipeline.cluster.kubernetes.pod_ends import Pod
from pipeline.cluster.members import NodeLoss


class KubernetesSystem:
    """``BatchSystem``: one question for all pods. ``selector``: the labels that they have."""

    def __init__(self, api: PodApi, selector: str) -> None:
        self._api = api
        self._selector = selector
        self._seen: Mapping[str, Pod] = {}
        self._missed: set[str] = set()  # pods that the last look didn't find

    async def ends(self, jobs: set[str]) -> dict[str, NodeLoss]:
        try:
            found = await asyncio.to_thread(self._api.pods, self._selector)
        except KubernetesError as error:
            raise SystemUnavailable(str(error)) from error
        self._seen = {each["metadata"]["name"]: each for each in found}
        losses = {name: self._loss(name) for name in jobs}
        self._missed = jobs - self._seen.keys()
        return {name: loss for name, loss in losses.items() if loss}

    def wait_reason(self, job: str) -> str:
        return pod_ends.wait_reason(self._seen[job]) if job in self._seen else ""

    def _loss(self, name: str) -> NodeLoss | None:
        """One look alone that doesn't find a pod may be at a server that isn't up to date."""
        if name in self._seen:
            return pod_ends.loss_of(self._seen[name])
        return pod_ends.gone(name) if name in self._missed else None
