"""What the state of a pod means for its node. Pure.

https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
"""

from collections.abc import Mapping
from typing import Any

from pipeline.cluster.definitions.cluster_definition import POD_CONTAINER
from pipeline.cluster.members import LossKind, NodeLoss

Pod = Mapping[str, Any]  # as the API writes it

# Why the cluster takes a pod away, by the reason of its condition DisruptionTarget or of its status.
DISRUPTIONS: Mapping[str, LossKind] = {
    "DeadlineExceeded": "walltime",
    "DeletionByPodGC": "lost",
    "DeletionByTaintManager": "lost",
    "Evicted": "preempted",
    "EvictionByEvictionAPI": "preempted",
    "NodeLost": "lost",
    "NodeShutdown": "lost",
    "Preempting": "preempted",
    "PreemptionByScheduler": "preempted",
    "Terminated": "lost",
    "TerminationByKubelet": "preempted",
}
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
    name, status = pod["metadata"]["name"], pod.get("status", {})
    if disruption := _disruption(status):
        kind, words = disruption
        return NodeLoss(kind, f"Kubernetes: pod {name}: {words}")
    if ended := _state(status).get("terminated"):
        return _ended(name, ended)
    if pod["metadata"].get("deletionTimestamp"):
        return NodeLoss("cancelled", f"Kubernetes: pod {name} was deleted")
    waiting = _state(status).get("waiting", {})
    if waiting.get("reason") in HOPELESS:
        return NodeLoss("failed", f"Kubernetes: pod {name}: {_said(waiting)}")
    if status.get("phase") == "Failed":
        return NodeLoss("failed", f"Kubernetes: pod {name} has failed: {_said(status)}")
    return None


def gone(name: str) -> NodeLoss:
    """Of a pod that the API doesn't have any more."""
    return NodeLoss("lost", f"Kubernetes has no pod {name} any more")


def wait_reason(pod: Pod) -> str:
    """Why a pod hasn't begun; empty where that isn't known."""
    name, status = pod["metadata"]["name"], pod.get("status", {})
    unscheduled = _condition(status, "PodScheduled", "False")
    found = unscheduled or _state(status).get("waiting")
    return f"Kubernetes: pod {name}: {_said(found)}" if found else ""


def ended_at(pod: Pod) -> str:
    """The time, as the API writes it, at which its node's container ended; empty while it may go on."""
    return str(_state(pod.get("status", {})).get("terminated", {}).get("finishedAt") or "")


def _ended(name: str, ended: Mapping[str, Any]) -> NodeLoss:
    code, reason = ended.get("exitCode", 0), ended.get("reason", "")
    words = f"Kubernetes: the container of pod {name} ended with exit code {code} ({reason or 'no reason given'})"
    if reason == "OOMKilled":
        return NodeLoss("memory", words)
    return NodeLoss("failed" if code else "lost", words)


def _disruption(status: Mapping[str, Any]) -> tuple[LossKind, str] | None:
    found = _condition(status, "DisruptionTarget", "True") or status
    kind = DISRUPTIONS.get(found.get("reason", ""))
    return (kind, _said(found)) if kind else None


def _condition(status: Mapping[str, Any], kind: str, value: str) -> Mapping[str, Any] | None:
    conditions = status.get("conditions") or ()
    return next((each for each in conditions if (each.get("type"), each.get("status")) == (kind, value)), None)


def _state(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of the node's container."""
    for each in status.get("containerStatuses") or ():
        if each.get("name") == POD_CONTAINER:
            state: Mapping[str, Any] = each.get("state") or {}
            return state
    return {}


def _said(found: Mapping[str, Any]) -> str:
    return ": ".join(found[key] for key in ("reason", "message") if found.get(key)) or "no reason given"
