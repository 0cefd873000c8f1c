"""What deploying nodes takes beside the definition of their cluster."""

from pathlib import Path
from typing import Any

from distributed import Scheduler, Security

from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.cluster.dask.node_starts import NodeStarts
from pipeline.cluster.definitions.cluster_secrets import ClusterSecrets, owner_of
from pipeline.values import Struct

LOOPBACK = "127.0.0.1"


class DeploymentParts(Struct, frozen=True, kw_only=True):
    secrets: ClusterSecrets
    security: Security
    logs: Path
    launches: NodeStarts

    @property
    def files(self) -> CertificateFiles:
        return CertificateFiles(self.secrets.certificates)

    @property
    def owner(self) -> str:
        return owner_of(self.secrets.token())

    def scheduler(self, host: str) -> dict[str, Any]:
        """With TLS, and without pages that anybody could look at. ``host``: empty for this machine's own address."""
        options = {"protocol": "tls://", "security": self.security, "port": 0, "dashboard": False}
        at = {"host": host} if host else {}
        return {"cls": Scheduler, "options": {**options, **at, "dashboard_address": f"{LOOPBACK}:0"}}

    def common(self) -> dict[str, Any]:
        """Of every ``SpecCluster``."""
        return {"security": self.security, "silence_logs": False, "asynchronous": True}
