"""What the state of a pod means for its node. Pure.

https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.cluster.definitions.pod_definition import CONTAINER
from pipeline.cluster.members import LossKind, NodeLoss

Pod = Mapping[str, Any]  # as the API writes it

# Why the cluster takes a pod away: reasons of the condition DisruptionTarget.
DISRUPTIONS: Mapping[str, LossKind] = {
    "DeletionByPodGC": "lost",
    "DeletionByTaintManager": "lost",
    "EvictionByEvictionAPI": "preempted",
    "PreemptionByScheduler": "preempted",
    "TerminationByKubelet": "preempted",
}
# Reasons of a pod's status. One that is evicted without such a condition has taken more disk than it may.
ENDS: Mapping[str, LossKind] = {
    "DeadlineExceeded": "walltime",
    "Evicted": "failed",
    "NodeLost": "lost",
    "NodeShutdown": "lost",
    "Preempting": "preempted",
    "Terminated": "lost",
}
# Reasons of how the node's container ended, where its exit code doesn't say all.
CONTAINER_ENDS: Mapping[str, LossKind] = {"OOMKilled": "memory", "ContainerStatusUnknown": "lost"}
# Why a container that waits will go on to wait.
HOPELESS = {
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
}


def loss_of(pod: Pod) -> NodeLoss | None:
    """``None`` for a pod that works, or may still begin."""
    status = pod["status"]
    ended = _state(status).get("terminated") or {}
    found = _disruption(status) or _known_end(ended) or _deletion(pod) or _end(ended) or _failure(status)
    if found is None:
        return None
    kind, words = found
    return NodeLoss(kind, f"Kubernetes: pod {pod['metadata']['name']}: {words}")


def gone(name: str) -> NodeLoss:
    """Of a pod that the API doesn't have any more."""
    return NodeLoss("lost", f"Kubernetes has no pod {name} any more")


def wait_reason(pod: Pod) -> str:
    """Why a pod hasn't begun; empty where that isn't known."""
    status = pod["status"]
    found = _condition(status, "PodScheduled", "False") or next(_waiting(status), None)
    return f"Kubernetes: pod {pod['metadata']['name']}: {_said(found)}" if found else ""


def ended_at(pod: Pod) -> str:
    """The time, as the API writes it, at which a pod was over, or was made where nobody knows; empty while it may go
    on."""
    ended = _state(pod["status"]).get("terminated") or {}
    is_over = ended or pod["status"].get("phase") in {"Failed", "Succeeded"}
    return str(ended.get("finishedAt") or pod["metadata"].get("creationTimestamp") or "") if is_over else ""


_Found = tuple[LossKind, str]


def _disruption(status: Mapping[str, Any]) -> _Found | None:
    found = _condition(status, "DisruptionTarget", "True") or {}
    kind = DISRUPTIONS.get(found.get("reason", "")) or ENDS.get(status.get("reason", ""))
    return (kind, _said(found or status)) if kind else None


def _known_end(ended: Mapping[str, Any]) -> _Found | None:
    kind = CONTAINER_ENDS.get(ended.get("reason", ""))
    return (kind, _exit(CONTAINER, ended)) if kind else None


def _deletion(pod: Pod) -> _Found | None:
    return ("cancelled", "it was deleted") if pod["metadata"].get("deletionTimestamp") else None


def _end(ended: Mapping[str, Any]) -> _Found | None:
    return ("failed" if ended.get("exitCode") else "lost", _exit(CONTAINER, ended)) if ended else None


def _failure(status: Mapping[str, Any]) -> _Found | None:
    """Of a pod whose node's container may never have begun."""
    for waiting in _waiting(status):
        if waiting.get("reason") in HOPELESS:
            return "failed", _said(waiting)
    if status.get("phase") == "Succeeded":
        return "lost", "it has ended"
    if status.get("phase") != "Failed":
        return None
    others = (_exit(name, state["terminated"]) for name, state in _states(status) if state.get("terminated"))
    return "failed", next(others, f"it has failed: {_said(status)}")


def _waiting(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Those that say why first. A container waits for those before it, as PodInitializing."""
    states = [state["waiting"] for _, state in _states(status) if state.get("waiting")]
    yield from sorted(states, key=lambda each: each.get("reason") in {None, "PodInitializing"})


def _states(status: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Of all containers, by name."""
    for kind in ("initContainerStatuses", "containerStatuses"):
        for each in status.get(kind) or ():
            yield each.get("name", ""), each.get("state") or {}


def _state(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of the node's container."""
    return next((state for name, state in _states(status) if name == CONTAINER), {})


def _condition(status: Mapping[str, Any], kind: str, value: str) -> Mapping[str, Any] | None:
    conditions = status.get("conditions") or ()
    return next((each for each in conditions if (each.get("type"), each.get("status")) == (kind, value)), None)


def _exit(container: str, ended: Mapping[str, Any]) -> str:
    return f"container {container} ended with exit code {ended.get('exitCode', 0)}: {_said(ended)}"


def _said(found: Mapping[str, Any]) -> str:
    return ": ".join(found[key] for key in ("reason", "message") if found.get(key)) or "no reason given"
