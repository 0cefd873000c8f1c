"""The specification of a node's pod: what a project's template says, and what a node needs. Pure.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.cluster.definitions import pod_definition
from pipeline.cluster.definitions.cluster_definition import KubernetesPods
from pipeline.cluster.definitions.pod_definition import CERTIFICATES_VOLUME, CONTAINER, FOLDER, FOLDER_VOLUME
from pipeline.values import Struct

OWNER = "pipeline-owner"  # a label: whose node it is


class NodePod(Struct, frozen=True, kw_only=True):
    """What differs from node to node."""

    name: str
    owner: str
    secret: str  # the name of the Secret with the node's certificates
    command: Sequence[str]


def selector(owner: str) -> str:
    """The labels of an owner's pods."""
    return f"{OWNER}={owner}"


def pod(node: NodePod, pods: KubernetesPods) -> dict[str, Any]:
    """For the API of Kubernetes. What a node needs has precedence over the template, and that over what is usual."""
    template = pods.pod
    usual = {"automountServiceAccountToken": False, "enableServiceLinks": False}
    metadata = {"name": node.name, "labels": {OWNER: node.owner}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _merged(template.get("metadata") or {}, metadata),
        "spec": _spec({**usual, **(template.get("spec") or {})}, node, pods),
    }


def _spec(template: Mapping[str, Any], node: NodePod, pods: KubernetesPods) -> dict[str, Any]:
    containers = template.get("containers") or ()
    known: Mapping[str, Any] = next((each for each in containers if each["name"] == CONTAINER), {})
    has_folder = any(each.get("mountPath") == FOLDER for each in known.get("volumeMounts") or ())
    volumes: list[dict[str, Any]] = [{"name": CERTIFICATES_VOLUME, "secret": {"secretName": node.secret}}]
    volumes += [] if has_folder else [{"name": FOLDER_VOLUME, "emptyDir": {}}]
    own = _merged(known, _container(node, pods, has_folder))
    spec = _merged(template, {"restartPolicy": "Never", "volumes": volumes})
    spec["containers"] = [own, *(each for each in containers if each is not known)]
    spec["volumes"] = [_with_text(each, "emptyDir", "sizeLimit") for each in spec["volumes"]]
    for kind in ("containers", "initContainers"):
        spec[kind] = [_with_text(each, "resources", "limits", "requests") for each in spec.get(kind) or ()]
    return spec


def _container(node: NodePod, pods: KubernetesPods, has_folder: bool) -> dict[str, Any]:
    mounts: list[dict[str, Any]] = [
        {"name": CERTIFICATES_VOLUME, "mountPath": pod_definition.CERTIFICATES, "readOnly": True}
    ]
    mounts += [] if has_folder else [{"name": FOLDER_VOLUME, "mountPath": FOLDER}]
    memory = str(pods.memory)
    return {
        "name": CONTAINER,
        "image": pods.image,
        "command": list(node.command),
        "env": [
            _from_field(pod_definition.ADDRESS, "status.podIP"),
            _from_field(pod_definition.POD, "metadata.name"),
        ],
        "resources": {"requests": {"cpu": str(pods.cpus), "memory": memory}, "limits": {"memory": memory}},
        "volumeMounts": mounts,
    }


def _from_field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Of two lists the items of both, those above first."""
    found = dict(below)
    for key, value in above.items():
        known = found.get(key)
        if isinstance(value, Mapping) and isinstance(known, Mapping):
            found[key] = _merged(known, value)
        else:
            found[key] = [*value, *known] if isinstance(value, list) and isinstance(known, list) else value
    return found


def _with_text(item: Mapping[str, Any], key: str, *quantities: str) -> dict[str, Any]:
    """Quantities as the API's client wants them: a YAML file may have ``nvidia.com/gpu: 1``."""
    inner = item.get(key)
    if not inner:
        return dict(item)
    return {**item, key: {name: _text(each) if name in quantities else each for name, each in inner.items()}}


def _text(quantity: Any) -> Any:
    if isinstance(quantity, Mapping):
        return {name: _text(each) for name, each in quantity.items()}
    return quantity if quantity is None else str(quantity)
