"""What a template of pods must leave to the node whose pods they are. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

CONTAINER = "worker"  # in which the node runs
FOLDER = "/pipeline-node"  # the node's, on the pod's own disk or what a template mounts there
CERTIFICATES = "/pipeline-certificates"
CERTIFICATES_VOLUME, FOLDER_VOLUME = "pipeline-certificates", "pipeline-node"
ADDRESS, POD = "POD_IP", "PIPELINE_POD"  # variables of the pod's own address and name

Place = tuple[str | int, ...]  # keys, from the template on


def problems(template: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """What is the node's own. The API of Kubernetes tells of all else."""
    spec = template.get("spec") or {}
    for number, volume in enumerate(spec.get("volumes") or ()):
        if volume.get("name") in {CERTIFICATES_VOLUME, FOLDER_VOLUME}:
            yield ("spec", "volumes", number, "name"), f"the volume {volume['name']} is the node's own"
    for number, container in enumerate(spec.get("containers") or ()):
        if container["name"] == CONTAINER:
            for place, words in _of_node(container):
                yield ("spec", "containers", number, *place), words


def _of_node(container: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    for key in ("image", "command", "args"):
        if key in container:
            yield (key,), f"'{key}' of the container {CONTAINER} is the node's own"
    for number, variable in enumerate(container.get("env") or ()):
        if variable.get("name") in {ADDRESS, POD}:
            yield ("env", number, "name"), f"the variable {variable['name']} is the node's own"
    for number, mount in enumerate(container.get("volumeMounts") or ()):
        if mount.get("mountPath") == CERTIFICATES:
            yield ("volumeMounts", number, "mountPath"), f"{CERTIFICATES} is the node's own"
