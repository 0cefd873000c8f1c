"""The command that starts one of Dask's workers, with a nanny that tells how it ended. Pure."""

from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.values import Struct

DEATH_SECONDS = 60  # after which a worker that finds no scheduler ends


class WorkerCommand(Struct, frozen=True, kw_only=True):
    python: str
    scheduler: str  # its address
    name: str
    cpus: int = 0  # 0: what the machine has
    memory: int = 0  # bytes; 0: what the machine has
    host: str = ""
    scratch: str = ""

    def words(self, files: CertificateFiles) -> list[str]:
        """``files``: where they are on the worker's machine."""
        words = [self.python, "-m", "distributed.cli.dask_worker", self.scheduler, *options(files)]
        words += ["--name", self.name, "--nworkers", "1", "--memory-limit", str(self.memory or "auto")]
        words += ["--death-timeout", str(DEATH_SECONDS)]
        words += ["--nthreads", str(self.cpus)] if self.cpus else []
        words += ["--host", self.host] if self.host else []
        return words + (["--local-directory", self.scratch] if self.scratch else [])


def options(files: CertificateFiles) -> list[str]:
    """With the certificates, and without pages that anybody could look at."""
    certificates = ["--tls-ca-file", str(files.authority), "--tls-cert", str(files.certificate("node"))]
    return [*certificates, "--tls-key", str(files.key("node")), "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
