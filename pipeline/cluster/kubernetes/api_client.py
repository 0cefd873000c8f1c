"""The client of the Kubernetes project, for a namespace: by the user's own configuration, or within a pod by its
service account.

https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from pipeline.cluster.definitions.cluster_definition import KubernetesPods
from pipeline.cluster.kubernetes.errors import KubernetesError
from pipeline.values import Struct

VARIABLE = "KUBECONFIG"
USUAL = "~/.kube/config"
NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class ApiClient(Struct, frozen=True):
    core: Any  # a ``CoreV1Api``
    namespace: str


def open_client(pods: KubernetesPods) -> ApiClient:
    """Asks nothing yet. Raises ``KubernetesError``."""
    from kubernetes import client, config

    settings = client.Configuration(retries=0)  # tried again here, with bounds that suit a run
    text = os.environ.get(VARIABLE) or USUAL
    files = [file for each in text.split(os.pathsep) if each and (file := Path(each).expanduser()).is_file()]
    try:
        if files or pods.context or VARIABLE in os.environ:
            _require(files, text)
            with _login_complaints(text):
                config.load_kube_config(text, pods.context or None, settings, persist_config=False)
            usual = _namespace(files, pods.context)
        else:
            config.load_incluster_config(client_configuration=settings)
            usual = NAMESPACE_FILE.read_text(encoding="utf-8").strip()
    except KubernetesError:
        raise
    except Exception as error:  # the client raises whatever a file's contents lead it to
        where = text if files else f"there is no {text}, and this is no pod"
        raise KubernetesError(f"Kubernetes can't be found: {where}: {error}") from error
    return ApiClient(client.CoreV1Api(client.ApiClient(settings)), pods.namespace or usual or "default")


def _require(files: Sequence[Path], text: str) -> None:
    if not files:
        named = f", which {VARIABLE} names" if VARIABLE in os.environ else ""
        raise KubernetesError(f"Kubernetes can't be found: there is no file {text}{named}")


@contextlib.contextmanager
def _login_complaints(text: str) -> Iterator[None]:
    """The client only logs why a program that logs in has failed, and goes on without what it should have said."""
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logging.root.addHandler(handler)
    try:
        yield
    finally:
        logging.root.removeHandler(handler)
    if heard:
        raise KubernetesError(f"Kubernetes can't be asked as {text} says: {'; '.join(heard)}", is_passing=True)


def _namespace(files: Sequence[Path], context: str) -> str:
    """That of the context, or of the current one; of several files the first that knows counts."""
    documents = [yaml.safe_load(file.read_text(encoding="utf-8")) or {} for file in files]
    name = context or next((each["current-context"] for each in documents if each.get("current-context")), "")
    contexts = (each for document in documents for each in document.get("contexts") or ())
    found: dict[str, Any] = next((each["context"] for each in contexts if each["name"] == name), {})
    return str(found.get("namespace") or "")
