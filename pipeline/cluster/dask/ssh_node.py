"""A node on a machine that is reached by ssh, for ``SpecCluster``. Certificates go there first, for its user alone."""

import asyncio
import contextlib
import shlex
from pathlib import Path, PurePosixPath
from typing import Any

from distributed.core import Status
from distributed.deploy.spec import ProcessInterface, SpecCluster

from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.cluster.dask import nodes_log
from pipeline.cluster.dask.deployment_parts import DeploymentParts
from pipeline.cluster.dask.host_cluster import HostCluster
from pipeline.cluster.dask.node_starts import NodeStarts
from pipeline.cluster.dask.worker_command import WorkerCommand
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, SshHosts
from pipeline.values import Struct, replace

CONNECT_SECONDS = 20.0
CLOSE_SECONDS = 5.0
FOLDER = ".cache/pipeline-clusters"  # below the home there


class SshNodeSettings(Struct, frozen=True, kw_only=True):
    command: WorkerCommand
    files: CertificateFiles  # here
    owner: str
    options: dict[str, Any]  # of asyncssh
    log: Path
    launches: NodeStarts


class SshNode(ProcessInterface):
    """A machine that can't be reached is told, and is no reason that others aren't used."""

    def __init__(self, scheduler: str, name: str, host: str, settings: SshNodeSettings) -> None:
        super().__init__()
        self._name = name
        self._host = host
        self._settings = settings
        self._command = replace(settings.command, scheduler=scheduler, name=name)
        self._connection: Any = None
        self._process: Any = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        import asyncssh

        try:
            await asyncio.wait_for(self._begin(), CONNECT_SECONDS)
        except (OSError, TimeoutError, asyncssh.Error, ValueError) as error:
            words = str(error) or f"nothing was said in {CONNECT_SECONDS:.0f} seconds"
            self._settings.launches.failed(self._name, f"{self._host} can't be used: {words}")
        else:
            self._watch = asyncio.ensure_future(self._tell_end())
        await super().start()

    async def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._process is not None and self.status is not Status.closed:
            with contextlib.suppress(OSError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait_closed(), CLOSE_SECONDS)
        if self._connection is not None:
            self._connection.close()
        await super().close()

    async def _begin(self) -> None:
        import asyncssh

        user, _, place = self._host.rpartition("@")
        host, _, port = place.partition(":")
        options = {**self._settings.options, **({"username": user} if user else {})}
        self._connection = await asyncssh.connect(host, int(port) if port else (), **options)
        files = await self._send_certificates()
        words = shlex.join(self._command.words(files))
        # exec: the shell's end is the worker's; a worker whose scheduler is gone ends by itself
        self._process = await self._connection.create_process(f"exec {words}", stdin=asyncssh.DEVNULL, encoding=None)

    async def _send_certificates(self) -> CertificateFiles:
        found = await self._connection.run("umask 077 && pwd", check=True)
        folder = PurePosixPath(str(found.stdout).strip(), FOLDER, self._settings.owner)
        own = self._settings.files
        target = CertificateFiles(Path(folder))
        quoted = shlex.quote(str(folder))
        await self._connection.run(f"umask 077 && mkdir -p {quoted} && chmod 700 {quoted}", check=True)
        for source, place in (
            (file, folder / file.name) for file in (own.authority, own.certificate("node"), own.key("node"))
        ):
            text = f"umask 077 && cat > {shlex.quote(str(place))}"
            await self._connection.run(text, input=source.read_bytes(), encoding=None, check=True)
        return target

    async def _tell_end(self) -> None:
        """What the worker says is kept in the log."""
        with nodes_log.open_log(self._settings.log) as log:
            while data := await self._process.stderr.read(1 << 16):
                log.write(data)
                log.flush()
        await self._process.wait_closed()
        end = self._process.exit_status if self._process.exit_signal is None else self._process.exit_signal
        self._settings.launches.ended(self._name, f"its process on {self._host} ended with {end}; {self._settings.log}")


async def ssh_cluster(definition: ClusterDefinition, hosts: SshHosts, parts: DeploymentParts) -> SpecCluster:
    settings = SshNodeSettings(
        command=WorkerCommand(python=hosts.python, scheduler="", name="", cpus=hosts.cpus, memory=hosts.memory),
        files=parts.files,
        owner=parts.owner,
        options={
            **({"client_keys": [hosts.key]} if hosts.key else {}),
            **({"known_hosts": hosts.known_hosts} if hosts.known_hosts else {}),
        },
        log=parts.logs / f"{definition.name}-nodes.log",
        launches=parts.launches,
    )
    worker = {"cls": SshNode, "options": {"settings": settings}}
    scheduler = parts.scheduler(hosts.listen)
    return await HostCluster(definition.name, hosts.hosts, scheduler=scheduler, worker=worker, **parts.common())
