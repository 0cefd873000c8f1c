"""What a project keeps for a cluster, for its user alone: the token that opens its nodes' agents, and certificates."""

import contextlib
import os
import secrets
import shlex
from pathlib import Path

from pipeline.digests import sha256_of_bytes
from pipeline.errors import NotReady
from pipeline.files import write_new
from pipeline.project import ProjectFolder
from pipeline.values import Struct

TOKEN = "token"  # noqa: S105  # the name of its file
OWNER_LENGTH = 16


class ClusterSecrets(Struct, frozen=True):
    """The folder of one cluster's secrets."""

    folder: Path

    @property
    def certificates(self) -> Path:
        return self.folder / "certificates"

    def token(self) -> str:
        """The project's own word for this cluster, the same for each run. Raises ``NotReady``, and ``OSError``."""
        self.make()
        path = self.folder / TOKEN
        with contextlib.suppress(FileExistsError):  # another run was first
            if not path.exists():
                write_new(path, secrets.token_urlsafe(32).encode())
                path.chmod(0o600)
        if not (token := path.read_text(encoding="ascii").strip()):
            raise NotReady(f"{path} has no token", f"rm {shlex.quote(str(path))}")
        return token

    def make(self) -> None:
        """The folder, for this user alone: what lies in it needs no further care.

        Raises ``NotReady`` for another user's, and ``OSError``.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if hasattr(os, "geteuid") and self.folder.stat().st_uid != os.geteuid():
            raise NotReady(
                f"{self.folder} belongs to another user, and holds what opens a cluster", "use a project of your own"
            )
        self.folder.chmod(0o700)


def secrets_of(project: ProjectFolder, cluster: str) -> ClusterSecrets:
    """Of a cluster's name, or of a scheduler's address."""
    name = cluster if cluster.replace("-", "").isalnum() else sha256_of_bytes(cluster.encode())[-OWNER_LENGTH:]
    return ClusterSecrets(project.cache / "clusters" / name)


def owner_of(token: str) -> str:
    """How a token's owner is called where others may read it: what belongs to the same token belongs together."""
    return sha256_of_bytes(f"owner of {token}".encode())[-OWNER_LENGTH:]
