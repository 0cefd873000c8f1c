"""The pods of a namespace, by the API of Kubernetes. All of it blocks, and may be called in several threads."""

import base64
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.cluster.definitions.cluster_definition import KubernetesPods

SECONDS = (5.0, 30.0)  # to connect, and to wait for an answer
NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
CONFIGURATION = "~/.kube/config"
LOG_LINES, LOG_BYTES = 1000, 1 << 20
NOT_FOUND, CONFLICT = 404, 409


class KubernetesError(Exception):
    """The API can't be reached, or refuses; with its words."""


class PodApi:
    """As the user's own configuration says it, or within a pod as its service account."""

    def __init__(self, pods: KubernetesPods) -> None:
        self._pods = pods
        self._lock = threading.Lock()
        self._opened: tuple[Any, str] | None = None

    def check(self, pod: Mapping[str, Any]) -> None:
        """Whether such a pod may be made, without making one. Raises ``KubernetesError``."""
        self._call("create_namespaced_pod", body=dict(pod), dry_run="All")

    def create(self, pod: Mapping[str, Any]) -> None:
        """Raises ``KubernetesError``."""
        self._call("create_namespaced_pod", body=dict(pod))

    def pods(self, selector: str) -> list[dict[str, Any]]:
        """With these labels, as the API writes them. Raises ``KubernetesError``."""
        found: list[dict[str, Any]] = json.loads(self._call("list_namespaced_pod", label_selector=selector))["items"]
        return found

    def log(self, name: str, container: str) -> bytes:
        """The end of what a container has said. Raises ``KubernetesError``."""
        limits = {"tail_lines": LOG_LINES, "limit_bytes": LOG_BYTES}
        return self._call("read_namespaced_pod_log", name=name, container=container, **limits)

    def delete(self, name: str) -> None:
        """A pod that is gone is no error. Raises ``KubernetesError``."""
        self._call("delete_namespaced_pod", NOT_FOUND, name=name)

    def put_secret(self, name: str, files: Mapping[str, bytes]) -> None:
        """Make it, or put these files in its place. Raises ``KubernetesError``."""
        data = {key: base64.b64encode(value).decode() for key, value in files.items()}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque", "data": data}
        if not self._call("create_namespaced_secret", CONFLICT, body=secret):
            self._call("replace_namespaced_secret", name=name, body=secret)

    def _call(self, function: str, passed_over: int = 0, **arguments: Any) -> bytes:
        """The answer as it is: one of a newer server has fields that the client doesn't know. Empty for an answer with
        the status that is passed over."""
        from kubernetes.client.exceptions import ApiException

        with _told():
            core, namespace = self._core()
            try:
                answer = getattr(core, function)(
                    namespace=namespace, _preload_content=False, _request_timeout=SECONDS, **arguments
                )
            except ApiException as error:
                if error.status == passed_over:
                    return b""
                raise
            return bytes(answer.data)

    def _core(self) -> tuple[Any, str]:
        with self._lock:
            if self._opened is None:
                self._opened = _opened(self._pods)
            return self._opened


@contextmanager
def _told() -> Iterator[None]:
    """Whatever the client raises, as one error with words for a person."""
    from kubernetes.client.exceptions import ApiException
    from kubernetes.config import ConfigException
    from pydantic import ValidationError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        raise KubernetesError(f"Kubernetes refuses: {_message(error)}") from error
    except ValidationError as error:
        raise KubernetesError(f"Kubernetes has no such pod: {_mistakes(error)}") from error
    except (HTTPError, ConfigException, OSError) as error:
        raise KubernetesError(f"Kubernetes can't be asked: {error}") from error


def _message(error: Any) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (KeyError, TypeError, ValueError):
        return f"{error.status} {error.reason}"


def _mistakes(error: Any) -> str:
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())


def _opened(pods: KubernetesPods) -> tuple[Any, str]:
    """The client, and the namespace."""
    from kubernetes import client, config

    settings = client.Configuration()
    file = os.environ.get("KUBECONFIG") or CONFIGURATION
    if pods.context or any(Path(each).expanduser().is_file() for each in file.split(os.pathsep)):
        config.load_kube_config(file, pods.context or None, settings, persist_config=False)
        contexts, active = config.list_kube_config_contexts(file)
        chosen = next((each for each in contexts if each["name"] == pods.context), active)
        usual = chosen["context"].get("namespace", "")
    else:
        config.load_incluster_config(client_configuration=settings)
        usual = NAMESPACE_FILE.read_text(encoding="utf-8").strip()
    return client.CoreV1Api(client.ApiClient(settings)), pods.namespace or usual or "default"
