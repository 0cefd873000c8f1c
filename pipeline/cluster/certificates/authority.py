"""An authority for one cluster: it signs a certificate for each role, and its key is gone when that is done.

So nobody can sign another one later; new certificates are always all of them.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cluster.certificates.certificate_files import ROLES, CertificateFiles
from pipeline.cluster.extras import install_command
from pipeline.errors import NotReady
from pipeline.files import replace_folder, try_remove_tree

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

DAYS = 365
CLOCKS_APART = timedelta(hours=24)  # that a certificate is valid before it is made, for nodes whose clock is late


def make(files: CertificateFiles, days: int = DAYS) -> None:
    """Make all of them, in place of those that are there. Raises ``NotReady`` without the library, and ``OSError``."""
    try:
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        words = f"certificates are made by the library cryptography: {error}"
        raise NotReady(words, install_command("dask")) from error
    authority = ec.generate_private_key(ec.SECP256R1())
    part = files.folder.with_name(f".{files.folder.name}.part")
    try_remove_tree(part)
    part.mkdir(mode=0o700)
    try:
        made = CertificateFiles(part)
        signed = _certificate("authority", authority, authority, days, is_authority=True)
        _write(made.authority, _pem(signed))
        for role in ROLES:
            key = ec.generate_private_key(ec.SECP256R1())
            _write(made.key(role), _key_pem(key))
            _write(made.certificate(role), _pem(_certificate(role, key, authority, days, is_authority=False)))
        replace_folder(part, files.folder)
    finally:
        try_remove_tree(part)


def ensure(files: CertificateFiles) -> None:
    """Make them where they aren't there or have ended. Raises as ``make`` does."""
    if not files.are_there or files.expiry() <= datetime.now(UTC):
        make(files)


def _certificate(
    name: str, key: "EllipticCurvePrivateKey", authority: "EllipticCurvePrivateKey", days: int, is_authority: bool
) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_APART)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
        .add_extension(_usage(is_authority), critical=True)
    )
    if not is_authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(authority, hashes.SHA256())


def _name(name: str) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} of a pipeline cluster")])


def _usage(is_authority: bool) -> "x509.KeyUsage":
    from cryptography import x509

    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign")
    never: dict[str, Any] = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=not is_authority, key_cert_sign=is_authority, **never)


def _pem(certificate: "x509.Certificate") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: "EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(data)
