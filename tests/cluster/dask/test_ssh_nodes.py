"""Nodes by a real ssh server on this machine."""

import getpass
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, NodeRange, SshHosts
from tests.cluster.dask.helpers import following, wait_for

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = pytest.mark.skipif(SSHD is None, reason="there is no sshd (Debian: apt-get install -y openssh-server)")


class SshServer:
    """For this user, on loopback, with keys and a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("host", "user"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(words, check=True, timeout=60)
        self._configure()

    def _configure(self) -> None:
        key = (self.folder / "host.pub").read_text()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {key}")
        session = self.folder / "session.sh"
        session.write_text(f'#!/bin/sh\nexport HOME={self.home}\ncd "$HOME" && exec sh -c "$SSH_ORIGINAL_COMMAND"\n')
        session.chmod(0o755)
        lines = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": self.folder / "host",
            "AuthorizedKeysFile": self.folder / "user.pub",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "PermitRootLogin": "yes",
            "PidFile": "none",
            "ForceCommand": session,
        }
        (self.folder / "config").write_text("".join(f"{name} {value}\n" for name, value in lines.items()))

    def start(self) -> "subprocess.Popen[bytes]":
        assert SSHD
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # which sshd asks for
        log = str(self.folder / "sshd.log")
        process = subprocess.Popen([SSHD, "-D", "-f", str(self.folder / "config"), "-E", log])
        wait_for(self._answers)
        return process

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def definition(self, *more_hosts: str, known_hosts: str = "known_hosts") -> ClusterDefinition:
        hosts = (f"{getpass.getuser()}@127.0.0.1:{self.port}", *more_hosts)
        deployment = SshHosts(
            hosts=hosts,
            python=sys.executable,
            cpus=1,
            memory=1 << 30,
            key=str(self.folder / "user"),
            known_hosts=str(self.folder / known_hosts),
            listen="127.0.0.1",
        )
        folder = str(self.folder / "nodes" / "$NODE")
        return ClusterDefinition(name="room", deployment=deployment, nodes=NodeRange(0, len(hosts)), node_folder=folder)

    @property
    def node(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture
def ssh(tmp_path: Path, spawning: None) -> Iterator[SshServer]:
    server = SshServer(tmp_path / "ssh")
    process = server.start()
    try:
        yield server
    finally:
        process.terminate()
        process.wait(20)


def test_a_node_is_started_by_ssh_and_ends_with_the_run(ssh: SshServer, tmp_path: Path) -> None:
    import psutil

    with following(ssh.definition(), tmp_path) as follower:
        follower.members.want(1)
        node = follower.joined(ssh.node).node
        assert node.cpus == 1
        keys = list((ssh.home / ".cache" / "pipeline-clusters").rglob("*.key"))
        assert [key.name for key in keys] == ["node.key"]  # not the driver's
        assert stat.S_IMODE(keys[0].stat().st_mode) == 0o600
        assert stat.S_IMODE(keys[0].parent.stat().st_mode) == 0o700
    own = str(ssh.home)
    wait_for(
        lambda: not [each for each in psutil.process_iter(["cmdline"]) if own in " ".join(each.info["cmdline"] or [])]
    )


def _words(process: Any) -> str:
    return " ".join(process.info["cmdline"] or [])


def test_a_host_that_can_not_be_reached_is_told_and_the_others_are_used(ssh: SshServer, tmp_path: Path) -> None:
    with following(ssh.definition("127.0.0.1:9"), tmp_path) as follower:
        follower.members.want(2)
        follower.joined(ssh.node)
        problems = wait_for(follower.members.problems)
        assert "127.0.0.1:9 can't be used" in problems["127.0.0.1:9"]


def test_a_host_whose_key_is_not_known_is_not_used(ssh: SshServer, tmp_path: Path) -> None:
    (ssh.folder / "empty").touch()
    with following(ssh.definition(known_hosts="empty"), tmp_path) as follower:
        follower.members.want(1)
        failure = follower.failed()
        assert "can't be used: Host key is not trusted" in failure.words
