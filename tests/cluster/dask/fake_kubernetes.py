"""An API server of Kubernetes for tests, on loopback: pods of one namespace are processes here.

Of a pod's container it knows what a kubelet would put in: variables, fields of the pod, Secrets and folders.
"""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import yaml
from kubernetes.client import V1Pod

NAMESPACE = "lab"
TOKEN = "of-a-user"
VERBS = {"POST": "create", "PUT": "update", "GET": "get", "DELETE": "delete"}


class ApiRefusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class FakeKubernetes:
    """What a test looks at, and does to pods."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects: dict[str, dict[str, dict[str, Any]]] = {"pods": {}, "secrets": {}}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.refusal: ApiRefusal | None = None  # of every pod that is made
        self.is_held = False  # no pod is scheduled
        self.faults: list[tuple[str, int]] = []  # a method's next answer is lost: the status in its place
        self.failures: list[tuple[str, int]] = []  # a method's next request isn't carried out, with this status
        self.token = TOKEN
        self.lists: str | None = None  # what is answered in place of a list
        self.asked: set[tuple[str, str]] = set()  # verbs and resources, as a Role has them
        self._lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            for name in list(self.processes):
                self._kill(name, signal.SIGKILL)

    def write_configuration(self, path: Path) -> None:
        """A kubeconfig, as kubectl has it."""
        server = f"http://127.0.0.1:{self._server.server_port}"
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "here",
                    "clusters": [{"name": "c", "cluster": {"server": server}}],
                    "users": [{"name": "u", "user": {"token": self.token}}],
                    "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": NAMESPACE}}],
                }
            )
        )

    def names(self) -> list[str]:
        with self._lock:
            return list(self.objects["pods"])

    def update(self, name: str, **status: Any) -> None:
        with self._lock:
            self.objects["pods"][name]["status"].update(status)

    def disrupt(self, name: str, reason: str, message: str) -> None:
        """As the scheduler, the kubelet or a drain does it: the condition is known first."""
        condition = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": message}
        self.update(name, conditions=[condition])
        self._kill(name, signal.SIGKILL)

    def run_out_of_memory(self, name: str) -> None:
        self._ended(name, 137, "OOMKilled")
        self._kill(name, signal.SIGKILL)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """Raises ``ApiRefusal``."""
        parts = path.strip("/").split("/")
        assert parts[:4] == ["api", "v1", "namespaces", NAMESPACE], path
        kind, name, rest = parts[4], *[*parts[5:6], ""][:1], parts[6:]
        with self._lock:
            verb = VERBS[method] if name or method != "GET" else "list"
            self.asked.add((verb, "/".join([kind, *rest])))
            match method, rest:
                case "POST", _:
                    return self._create(kind, body, is_dry=query.get("dryRun") == "All")
                case "PUT", _:
                    self.objects[kind][name] = body
                    return body
                case "GET", ["log"]:
                    return (self.folder / f"{name}.log").read_text()
                case "GET", _:
                    return {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": self._listed(kind, query)}
                case "DELETE", _:
                    return self._delete(name)
        raise ApiRefusal(405, f"{method} {path}")

    def require(self, method: str, authorization: str) -> None:
        """Raises ``ApiRefusal`` for what isn't carried out."""
        with self._lock:
            if authorization != f"Bearer {self.token}":
                raise ApiRefusal(401, "Unauthorized")
            if failure := next((each for each in self.failures if each[0] == method), None):
                self.failures.remove(failure)
                raise ApiRefusal(failure[1], "the server is being started")

    def on_its_way(self, method: str, answer: Any) -> tuple[int, Any]:
        """What becomes of an answer, and its status."""
        with self._lock:
            fault = next((each for each in self.faults if each[0] == method), None)
            if fault:
                self.faults.remove(fault)
                return fault[1], {"kind": "Status", "message": "the answer was lost"}
        is_list = isinstance(answer, dict) and answer.get("kind") == "PodList"
        return 200, self.lists if is_list and self.lists is not None else answer

    def _listed(self, kind: str, query: dict[str, str]) -> list[dict[str, Any]]:
        key, _, value = query["labelSelector"].partition("=")
        return [each for each in self.objects[kind].values() if each["metadata"].get("labels", {}).get(key) == value]

    def _create(self, kind: str, body: dict[str, Any], is_dry: bool) -> dict[str, Any]:
        name = body["metadata"]["name"]
        if kind == "pods" and self.refusal:
            raise self.refusal
        if name in self.objects[kind]:
            raise ApiRefusal(409, f'{kind} "{name}" already exists')
        if kind == "pods":
            V1Pod.model_validate(body)
            body["status"] = {"phase": "Pending"}
        if not is_dry:
            self.objects[kind][name] = body
            if kind == "pods":
                self._schedule(name)
        return body

    def _schedule(self, name: str) -> None:
        if self.is_held:
            words = "0/3 nodes are available: 3 Insufficient cpu."
            condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": words}
            self.update(name, conditions=[condition])
            return
        pod = self.objects["pods"][name]
        container = pod["spec"]["containers"][0]
        places = self._mounted(name, pod["spec"], container)
        fields = {"status.podIP": "127.0.0.1", "metadata.name": name}
        known = {each["name"]: fields[each["valueFrom"]["fieldRef"]["fieldPath"]] for each in container["env"]}
        values = {**places, **{f"$({key})": value for key, value in known.items()}}
        command = [_replaced(word, values) for word in container["command"]]
        command[0] = sys.executable if command[0] == "python" else command[0]
        own = {**os.environ, **known}
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(command, env=own, stdout=log, stderr=log, start_new_session=True)
        self.processes[name] = process
        self.update(name, phase="Running", containerStatuses=[{"name": "worker", "state": {"running": {}}}])
        threading.Thread(target=self._follow, args=(name, process), daemon=True).start()

    def _mounted(self, name: str, spec: dict[str, Any], container: dict[str, Any]) -> dict[str, str]:
        """Places within the container, and here."""
        places = {}
        for mount in container["volumeMounts"]:
            volume = next(each for each in spec["volumes"] if each["name"] == mount["name"])
            here = self.folder / name / mount["name"]
            here.mkdir(parents=True)
            if "secret" in volume:
                for key, value in self.objects["secrets"][volume["secret"]["secretName"]]["data"].items():
                    (here / key).write_bytes(base64.b64decode(value))
            places[mount["mountPath"]] = str(here)
        return places

    def _follow(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        code = process.wait()
        with self._lock:
            pod = self.objects["pods"].get(name)
            if pod and "deletionTimestamp" in pod["metadata"]:
                del self.objects["pods"][name]
            elif pod:
                self._ended(name, code if code >= 0 else 128 - code, "Error" if code else "Completed")

    def _ended(self, name: str, code: int, reason: str) -> None:
        """What was known first stays."""
        with self._lock:
            state = self.objects["pods"][name]["status"]["containerStatuses"][0]["state"]
            ended = {"exitCode": code, "reason": reason, "finishedAt": "2026-01-01T00:00:00Z"}
            state.setdefault("terminated", ended)
            self.update(name, phase="Failed" if code else "Succeeded")

    def _delete(self, name: str) -> dict[str, Any]:
        if (pod := self.objects["pods"].get(name)) is None:
            raise ApiRefusal(404, f'pods "{name}" not found')
        process = self.processes.get(name)
        if process is None or process.poll() is not None:
            del self.objects["pods"][name]
        else:
            pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
            process.terminate()
        return pod

    def _kill(self, name: str, number: int) -> None:
        try:
            process = psutil.Process(self.processes[name].pid)
            tree = [*process.children(recursive=True), process]
        except psutil.NoSuchProcess:
            return
        for each in tree:
            try:
                each.send_signal(number)
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(tree[:-1], timeout=10)


def _replaced(word: str, values: dict[str, str]) -> str:
    for old, new in values.items():
        word = word.replace(old, new)
    return word


def _handler(kubernetes: FakeKubernetes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            try:
                kubernetes.require(self.command, self.headers["Authorization"])
                answer = kubernetes.answer(self.command, parts.path, query, body)
                self._send(*kubernetes.on_its_way(self.command, answer))
            except ApiRefusal as error:
                self._send(error.status, {"kind": "Status", "message": str(error), "code": error.status})

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  # their names decide

        def _send(self, status: int, answer: Any) -> None:
            is_text = isinstance(answer, str)
            data = answer.encode() if is_text else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if is_text else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Nothing is told."""

    return Handler
