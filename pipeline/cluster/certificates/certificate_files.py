"""The files of a cluster's certificates, and what they are used for."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import NotReady
from pipeline.values import Struct

ROLES = ("node", "driver")  # scheduler, workers and agents; and who runs jobs


class CertificateFiles(Struct, frozen=True):
    """A folder with an authority's certificate, and a certificate with its key for each of ``ROLES``."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "authority.crt"

    def certificate(self, role: str) -> Path:
        return self.folder / f"{role}.crt"

    def key(self, role: str) -> Path:
        return self.folder / f"{role}.key"

    @property
    def all(self) -> tuple[Path, ...]:
        return self.authority, *(file for role in ROLES for file in (self.certificate(role), self.key(role)))

    @property
    def are_there(self) -> bool:
        return all(file.is_file() for file in self.all)

    def expiry(self) -> datetime:
        """When the first of them ends. Raises ``NotReady`` for what is no certificate, and ``OSError``."""
        return min(_expiry(self.certificate(role)) for role in ROLES)

    def require_valid(self, renewal: str) -> None:
        """Raises ``NotReady``, with the command that makes new ones."""
        if not self.are_there:
            raise NotReady(f"there are no certificates in {self.folder}", renewal)
        if (expiry := self.expiry()) <= datetime.now(UTC):
            raise NotReady(f"the certificates in {self.folder} ended on {expiry:%Y-%m-%d %H:%M} UTC", renewal)

    def context(self, role: str, is_server: bool) -> ssl.SSLContext:
        """Both sides must have a certificate of the authority, and that is all that counts: a node's name is nothing
        that its certificate could know. Raises ``OSError`` (``ssl.SSLError`` is one)."""
        purpose = ssl.Purpose.CLIENT_AUTH if is_server else ssl.Purpose.SERVER_AUTH
        context = ssl.create_default_context(purpose, cafile=str(self.authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self.certificate(role), self.key(role))
        return context


def _expiry(path: Path) -> datetime:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except ValueError as error:
        raise NotReady(f"{path} is no certificate: {error}") from error
