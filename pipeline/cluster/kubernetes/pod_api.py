"""The pods of a namespace, by the API of Kubernetes. All of it blocks, and may be called in several threads."""

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from pipeline.cluster.definitions.cluster_definition import KubernetesPods
from pipeline.cluster.kubernetes import api_client
from pipeline.cluster.kubernetes.api_client import ApiClient
from pipeline.cluster.kubernetes.errors import KubernetesError

SECONDS = (5.0, 20.0)  # to connect, and to wait for an answer
LOG_SECONDS = (2.0, 5.0)
LOG_LINES, LOG_BYTES = 1000, 1 << 20
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # between two tries
PATIENCE = 10.0  # seconds in which what may pass is tried again
CREATE_PATIENCE = 60.0
PASSING = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


class PodApi:
    """Every method raises ``KubernetesError``."""

    def __init__(self, pods: KubernetesPods) -> None:
        self._pods = pods
        self._lock = threading.Lock()
        self._client: ApiClient | None = None

    def check(self, pod: Mapping[str, Any]) -> None:
        """Whether such a pod may be made, without making one."""
        self._persist(PATIENCE, "create_namespaced_pod", body=dict(pod), dry_run="All")

    def create(self, pod: Mapping[str, Any]) -> None:
        """One of this name that is there was made by a try whose answer was lost."""
        self._persist(CREATE_PATIENCE, "create_namespaced_pod", HTTPStatus.CONFLICT, body=dict(pod))

    def pods(self, selector: str) -> list[dict[str, Any]]:
        """With these labels, as the API writes them: each has metadata with a name, and a status."""
        answer = self._call("list_namespaced_pod", label_selector=selector)
        try:
            return [_whole(each) for each in json.loads(answer)["items"]]
        except (ValueError, KeyError, TypeError) as error:
            raise KubernetesError("what answers for Kubernetes has no list of pods", is_passing=True) from error

    def log(self, name: str, container: str) -> bytes:
        """The end of what a container has said."""
        return self._call(
            "read_namespaced_pod_log",
            name=name,
            container=container,
            tail_lines=LOG_LINES,
            limit_bytes=LOG_BYTES,
            _request_timeout=LOG_SECONDS,
        )

    def delete(self, name: str) -> None:
        """A pod that is gone is no error."""
        self._persist(PATIENCE, "delete_namespaced_pod", HTTPStatus.NOT_FOUND, name=name)

    def put_secret(self, name: str, files: Mapping[str, bytes]) -> None:
        """Make it, or put these files in its place."""
        data = {key: base64.b64encode(value).decode() for key, value in files.items()}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque", "data": data}
        if not self._persist(PATIENCE, "create_namespaced_secret", HTTPStatus.CONFLICT, body=secret):
            self._persist(PATIENCE, "replace_namespaced_secret", name=name, body=secret)

    def _persist(self, patience: float, function: str, passed_over: int = 0, **arguments: Any) -> bytes:
        """As ``_call``, again for so many seconds while what is wrong may pass."""
        end, pause = time.monotonic() + patience, FIRST_PAUSE
        while True:
            try:
                return self._call(function, passed_over, **arguments)
            except KubernetesError as error:
                if not error.is_passing or time.monotonic() + pause > end:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _call(self, function: str, passed_over: int = 0, is_first: bool = True, **arguments: Any) -> bytes:
        """The answer as it is: one of a newer server has fields that the client doesn't know. Empty for an answer with
        the status that is passed over."""
        from kubernetes.client.exceptions import ApiException

        with _errors_in_words():
            try:
                return self._asked(function, arguments)
            except ApiException as error:
                if error.status == passed_over:
                    return b""
                if error.status != HTTPStatus.UNAUTHORIZED or not is_first:
                    raise
        self._client = None  # what lets it in may have changed since it was read
        return self._call(function, passed_over, is_first=False, **arguments)

    def _asked(self, function: str, arguments: Mapping[str, Any]) -> bytes:
        client = self._opened()
        options = {"namespace": client.namespace, "_preload_content": False, "_request_timeout": SECONDS}
        return bytes(getattr(client.core, function)(**{**options, **arguments}).data)

    def _opened(self) -> ApiClient:
        with self._lock:
            if self._client is None:
                self._client = api_client.open_client(self._pods)
            return self._client


def _whole(pod: Any) -> dict[str, Any]:
    metadata = {**pod["metadata"], "name": str(pod["metadata"]["name"])}
    return {**pod, "metadata": metadata, "status": pod.get("status") or {}}


@contextmanager
def _errors_in_words() -> Iterator[None]:
    """Whatever the client raises, as one error with words for a person."""
    from kubernetes.client.exceptions import ApiException
    from pydantic import ValidationError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        raise KubernetesError(f"Kubernetes refuses: {_message(error)}", error.status in PASSING) from error
    except ValidationError as error:
        raise KubernetesError(f"Kubernetes has no such pod: {_mistakes(error)}") from error
    except (HTTPError, OSError) as error:
        raise KubernetesError(f"Kubernetes can't be asked: {error}", is_passing=True) from error


def _message(error: Any) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (KeyError, TypeError, ValueError):
        return f"{error.status} {error.reason}"


def _mistakes(error: Any) -> str:
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
