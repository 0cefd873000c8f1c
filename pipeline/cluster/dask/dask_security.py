"""A project's certificates as Dask takes them, and as a run reaches agents with them."""

import ssl

from distributed import Security

from pipeline.cluster.certificates import authority
from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, SchedulerAddress
from pipeline.cluster.definitions.cluster_secrets import ClusterSecrets
from pipeline.errors import NotReady

TLS = "tls://"


def security_for(definition: ClusterDefinition, secrets: ClusterSecrets) -> Security | None:
    """``None`` for a scheduler on loopback. For a cluster that is made, certificates are made where there are none;
    for a scheduler that runs already, those that it was started with are needed: the project's for this cluster, or
    else those that Dask's own configuration names.

    Raises ``NotReady`` where there are none, or they have ended.
    """
    files = CertificateFiles(secrets.certificates)
    renewal = f"pipeline cluster certificates {definition.name} --force"
    if not isinstance(definition.deployment, SchedulerAddress):
        secrets.make()
        authority.ensure(files)
    elif not definition.deployment.address.startswith(TLS):
        return None
    elif not files.are_there:
        return _configured(definition)
    files.require_valid(renewal)
    return security_of(files)


def security_of(files: CertificateFiles) -> Security:
    """Files that workers on other machines get by the same names."""
    roles = {"scheduler": "node", "worker": "node", "client": "driver"}
    places = {
        f"tls_{ours}_{part}": str(files.certificate(role) if part == "cert" else files.key(role))
        for ours, role in roles.items()
        for part in ("cert", "key")
    }
    return Security(require_encryption=True, tls_ca_file=str(files.authority), **places)


def agents_tls(security: Security | None) -> ssl.SSLContext | None:
    """What a run reaches agents with that aren't on loopback."""
    found = security.get_connection_args("client")["ssl_context"] if security else None
    assert found is None or isinstance(found, ssl.SSLContext)
    return found


def _configured(definition: ClusterDefinition) -> Security:
    security = Security(require_encryption=True)
    if security.get_connection_args("client")["ssl_context"] is None:
        step = (
            f"pipeline cluster certificates {definition.name}"
            if "://" not in definition.name
            else "give the cluster a name in config/clusters.yaml, and run: pipeline cluster certificates NAME"
        )
        raise NotReady(f"there are no certificates for {definition.name}", step)
    return security
