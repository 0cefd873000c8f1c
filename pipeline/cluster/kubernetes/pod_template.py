"""The specification of a node's pod: what a project's template says, and what a node needs. Pure.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.cluster.definitions.cluster_definition import POD_CONTAINER, POD_FOLDER, KubernetesPods
from pipeline.cluster.kubernetes.pod_job import POD
from pipeline.values import Struct

OWNER = "pipeline-owner"  # a label: whose node it is
CERTIFICATES = "/pipeline-certificates"


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
        "metadata": _merged(template.get("metadata", {}), metadata),
        "spec": _spec({**usual, **template.get("spec", {})}, node, pods),
    }


def _spec(template: Mapping[str, Any], node: NodePod, pods: KubernetesPods) -> dict[str, Any]:
    containers = list(template.get("containers", ()))
    known: dict[str, Any] = next((each for each in containers if each["name"] == POD_CONTAINER), {})
    mounted = {each.get("mountPath") for each in known.get("volumeMounts", ())}
    volumes = [{"name": "pipeline-certificates", "secret": {"secretName": node.secret}}]
    volumes += [{"name": "pipeline-node", "emptyDir": {}}] if POD_FOLDER not in mounted else []
    own = _container(node, pods, has_folder=POD_FOLDER in mounted)
    others = [each for each in containers if each is not known]
    spec = _merged(template, {"restartPolicy": "Never", "volumes": volumes})
    return {**spec, "containers": [_with_texts(_merged(known, own)), *others]}


def _container(node: NodePod, pods: KubernetesPods, has_folder: bool) -> dict[str, Any]:
    mounts = [{"name": "pipeline-certificates", "mountPath": CERTIFICATES, "readOnly": True}]
    mounts += [] if has_folder else [{"name": "pipeline-node", "mountPath": POD_FOLDER}]
    memory = str(pods.memory)
    return {
        "name": POD_CONTAINER,
        "image": pods.image,
        "command": list(node.command),
        "env": [_from_field("POD_IP", "status.podIP"), _from_field(POD, "metadata.name")],
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
        elif isinstance(value, list) and isinstance(known, list) and key != "command":
            found[key] = [*value, *known]
        else:
            found[key] = value
    return found


def _with_texts(container: dict[str, Any]) -> dict[str, Any]:
    """Quantities as the API's client wants them: a YAML file may have ``nvidia.com/gpu: 1``."""
    resources = {kind: _texts(quantities) for kind, quantities in container["resources"].items()}
    return {**container, "resources": resources}


def _texts(quantities: Any) -> Any:
    """Other things than quantities by name, such as ``claims``, as they are."""
    return {name: str(each) for name, each in quantities.items()} if isinstance(quantities, Mapping) else quantities
