"""A node in a pod of Kubernetes, for ``SpecCluster``. The certificates of all nodes are a Secret of the namespace.

Not by dask-kubernetes: its ``KubeCluster`` (2026.3) asks its scheduler without TLS only, needs an operator that an
administrator installs, and chooses by itself which worker ends.
"""

import asyncio
import contextlib
import secrets
import time
from datetime import datetime
from pathlib import Path

from distributed.core import Status
from distributed.deploy.spec import ProcessInterface, SpecCluster

from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.cluster.dask import nodes_log
from pipeline.cluster.dask.deployment_parts import DeploymentParts
from pipeline.cluster.dask.host_cluster import HostCluster
from pipeline.cluster.dask.node_starts import NodeStarts
from pipeline.cluster.dask.worker_command import WorkerCommand
from pipeline.cluster.definitions import pod_definition
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, KubernetesPods
from pipeline.cluster.kubernetes import pod_ends, pod_template
from pipeline.cluster.kubernetes.errors import KubernetesError
from pipeline.cluster.kubernetes.pod_api import PodApi
from pipeline.cluster.kubernetes.pod_template import NodePod
from pipeline.errors import NotReady
from pipeline.values import Struct, field

NAME_LENGTH = 40  # of what others gave a name; Kubernetes has bounds for names
LEFT_SECONDS = 3600.0  # after which the pods of a run that has died are nobody's evidence any more


class PodNodeSettings(Struct, frozen=True, kw_only=True):
    api: PodApi
    pods: KubernetesPods
    owner: str
    secret: str
    log: Path
    launches: NodeStarts
    left: set[str] = field(default_factory=set)  # pods that couldn't be deleted

    def pod(self, name: str, scheduler: str, node: str) -> dict[str, object]:
        """The body of a node's pod."""
        command = WorkerCommand(
            python=self.pods.python,
            scheduler=scheduler,
            name=node,
            cpus=self.pods.cpus,
            memory=self.pods.memory,
            host=f"$({pod_definition.ADDRESS})",
            scratch=f"{pod_definition.FOLDER}/scratch",
        ).words(CertificateFiles(Path(pod_definition.CERTIFICATES)))
        return pod_template.pod(NodePod(name=name, owner=self.owner, secret=self.secret, command=command), self.pods)


class PodNode(ProcessInterface):
    """A pod that can't be made is told, and is no reason that others aren't used."""

    def __init__(self, scheduler: str, name: str, settings: PodNodeSettings) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._name = name
        self._settings = settings
        self.job_id = ""  # the pod's name

    async def start(self) -> None:
        self.job_id = f"pipeline-{self._name[:NAME_LENGTH]}-{secrets.token_hex(3)}"
        pod = self._settings.pod(self.job_id, self._scheduler, self._name)
        try:
            await asyncio.to_thread(self._settings.api.create, pod)
        except KubernetesError as error:
            self._settings.launches.failed(self._name, str(error))
        await super().start()

    async def close(self) -> None:
        """Also one whose making failed: it may be there, and only the answer was lost."""
        if self.status is not Status.closed:
            await asyncio.to_thread(self._end)
        await super().close()

    def _end(self) -> None:
        """What it said is kept. Where it can't be deleted now, it ends by itself, since its scheduler is gone."""
        settings = self._settings
        with contextlib.suppress(KubernetesError, OSError):
            said = settings.api.log(self.job_id, pod_definition.CONTAINER)
            with nodes_log.open_log(settings.log) as log:
                log.write(b"pod %s:\n%s\n" % (self.job_id.encode(), said))
        for name in (self.job_id, *settings.left):
            try:
                settings.api.delete(name)
                settings.left.discard(name)
            except KubernetesError:
                settings.left.add(name)  # the end of the next one tries again


async def pod_cluster(definition: ClusterDefinition, pods: KubernetesPods, parts: DeploymentParts) -> SpecCluster:
    """Raises ``NotReady`` where its pods can't be made."""
    settings = PodNodeSettings(
        api=PodApi(pods),
        pods=pods,
        owner=parts.owner,
        secret=f"pipeline-{definition.name[:NAME_LENGTH]}-{parts.owner}",
        log=parts.logs / f"{definition.name}-nodes.log",
        launches=parts.launches,
    )
    try:
        await asyncio.to_thread(_prepare, settings, parts.files)
    except KubernetesError as error:
        raise NotReady(f"the cluster {definition.name} can't be started: {error}") from error
    worker = {"cls": PodNode, "options": {"settings": settings}}
    scheduler = parts.scheduler(pods.listen)
    return await HostCluster(definition.name, scheduler=scheduler, worker=worker, **parts.common())


def _prepare(settings: PodNodeSettings, files: CertificateFiles) -> None:
    """Raises ``KubernetesError``."""
    settings.api.check(settings.pod("pipeline-check", "tls://127.0.0.1:1", "check"))
    own = (files.authority, files.certificate("node"), files.key("node"))
    settings.api.put_secret(settings.secret, {file.name: file.read_bytes() for file in own})
    for pod in settings.api.pods(pod_template.selector(settings.owner)):
        if (ended := pod_ends.ended_at(pod)) and time.time() - _seconds(ended) > LEFT_SECONDS:
            settings.api.delete(pod["metadata"]["name"])


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
